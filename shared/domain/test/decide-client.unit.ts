import { STATUSES, type Status } from '@oio/contracts';
import test from 'ava';
import { allowedCommands, decide, decideCreate } from '../src/index.ts';
import {
  accepted,
  after,
  at,
  CHILD_ID,
  command,
  completed,
  context,
  creation,
  dispatched,
  failed,
  fired,
  prepared,
  PARENT_ID,
  SESSION_ID,
  SESSION_IN,
  shownToHaveEnded,
  submitted,
  token,
} from './sessions.ts';

const ALLOWED: Readonly<Record<Status, string[]>> = {
  pending: ['start', 'cancel', 'prompt'],
  queued: ['cancel', 'prompt'],
  running: ['pause', 'stop', 'checkpoint', 'prompt'],
  paused: ['resume', 'stop', 'cancel', 'checkpoint', 'prompt'],
  degraded: ['pause', 'stop', 'checkpoint', 'prompt'],
  completed: ['delete'],
  partially_completed: ['retry', 'delete'],
  failed: ['retry', 'revert', 'delete'],
  timeout: ['retry', 'delete'],
  stopped: ['retry', 'delete'],
  cancelled: ['delete'],
  orphaned: ['delete'],
};

for (const status of STATUSES) {
  test(`a ${status} session allows ${ALLOWED[status].join(', ')}, and a deleted one nothing`, (t) => {
    const snapshot = SESSION_IN[status]();
    t.deepEqual(allowedCommands(snapshot), ALLOWED[status]);
    if (!ALLOWED[status].includes('delete')) return;
    t.deepEqual(allowedCommands(after(snapshot, 'delete', {})), []);
  });
}

test('a submitted session is created and queued in one commit, of which only the first event carries the command', (t) => {
  const { events, next, effects } = decideCreate(SESSION_ID, creation(), context(at(0)));
  t.deepEqual(
    events.map(({ type, seq, commandId }) => [type, seq, commandId]),
    [
      ['session.created', 1, 'command-1'],
      ['session.queued', 2, null],
    ],
  );
  t.is(next.status, 'queued');
  t.deepEqual(effects, []);
});

test('a session that is not to start stays pending until it is started', (t) => {
  const { events, next } = decideCreate(SESSION_ID, creation({ start: false }), context(at(0)));
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.created'],
  );
  t.is(next.status, 'pending');
  t.is(after(next, 'start', {}).status, 'queued');
});

test('a pause aborts the run and keeps the attempt; the resumed run is a new one of the same attempt, with the same prompt', (t) => {
  const running = prepared(submitted());
  const pause = accepted(decide(running, command('pause', {}), context(at(10))));
  t.deepEqual(pause.effects, [{ type: 'abort-attempt', serverId: 'server-1', token: '1.1' }]);
  const waiting = after(pause.next, 'resume', {});
  t.is(waiting.status, 'paused');
  const resumed = after(waiting, 'dispatch', { serverId: 'server-2', schedulerEpoch: 1 }, { messageId: 'msg_other' });
  t.is(token(resumed), '1.2');
  t.is(resumed.attempt?.messageId, 'msg_1');
  t.is(resumed.attempt?.serverId, 'server-1');
});

test('a session that waits for its slot to resume does not take a second resume', (t) => {
  const waiting = after(SESSION_IN.paused(), 'resume', {});
  const decision = decide(waiting, command('resume', {}), context(at(10)));
  t.regex(decision.kind === 'refused' ? decision.error.message : '', /waits for a slot already/);
});

test('a retry is a new attempt with a prompt of its own, from the latest checkpoint', (t) => {
  const stopped = after(prepared(submitted()), 'stop', { reason: 'Enough.' });
  t.is(stopped.failure?.message, 'Enough.');
  const { events, next } = accepted(decide(stopped, command('retry', {}), context(at(20))));
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.queued'],
  );
  t.like(events[0]?.data, { from: 'stopped', to: 'queued', resumable: { openCodeSessionId: 'ses_1' } });
  t.is(next.retries, 1);
  t.is(next.failure, null);
  t.is(next.lastFailure?.code, 'stopped_by_user');
  const order = { serverId: 'server-2', schedulerEpoch: 1 };
  const again = after(shownToHaveEnded(next), 'dispatch', order, { messageId: 'msg_2' });
  t.is(token(again), '2.1');
  t.like(again.attempt, { messageId: 'msg_2', serverId: 'server-2', steps: 0, openCodeSessionId: null });
});

const neverRetried = [
  ['it has no checkpoint', () => failed(dispatched(submitted()), 'provider_auth'), /has no checkpoint/],
  ['it has completed', () => completed(prepared(submitted())), /completed session is never retried/],
  ['it is under way', () => prepared(submitted()), /only sessions that failed/],
  ['it is deleted', () => after(SESSION_IN.failed(), 'delete', {}), /is deleted/],
  ['it completed in part and is deleted', () => after(SESSION_IN.partially_completed(), 'delete', {}), /is deleted/],
  [
    'it was retried as often as allowed',
    () => failed(prepared(submitted({}, { maxRetries: 0 })), 'internal'),
    /retried 0 times, the most allowed/,
  ],
] as const;
for (const [why, build, reason] of neverRetried) {
  test(`a session is not retried when ${why}, and the refusal says so`, (t) => {
    const decision = decide(build(), command('retry', {}), context(at(60)));
    t.regex(decision.kind === 'refused' ? decision.error.message : '', reason);
  });
}

test('a stop before the abort is confirmed orders the abort again', (t) => {
  const decision = accepted(decide(SESSION_IN.paused(), command('stop', {}), context(at(20))));
  t.deepEqual(decision.effects, [{ type: 'abort-attempt', serverId: 'server-1', token: '1.1' }]);
});

for (const policy of ['cancel', 'orphan', 'detach'] as const) {
  test(`a parent that ends decides for its children by its policy "${policy}"`, (t) => {
    const parent = after(prepared(submitted({ childPolicy: policy })), 'add-child', { childId: CHILD_ID });
    const settled = policy === 'detach' ? [] : [{ type: 'settle-children', policy }];
    const orders = [
      command('stop', {}),
      command('fire-timer', { name: 'max-duration', generation: parent.timers['max-duration']?.generation ?? 0 }),
      command('report-completed', {
        token: '1.1',
        steps: [],
        resume: parent.checkpoints.last?.resume as never,
        result: null,
        commit: null,
      }),
      command('end-by-parent', { policy: 'cancel', parentId: PARENT_ID }),
    ];
    for (const order of orders) {
      const { effects } = accepted(
        decide(parent, order, context(at(60), { children: { succeeded: 0, failed: 0, unended: 0 } })),
      );
      t.deepEqual(
        effects.filter(({ type }) => type === 'settle-children'),
        settled,
        order.name,
      );
    }
  });
}

test('a session without children settles none', (t) => {
  t.deepEqual(accepted(decide(submitted(), command('cancel', {}), context(at(1)))).effects, []);
});

test('the children of a session that is about to be retried are left alone until it is deleted', (t) => {
  const parent = after(prepared(submitted()), 'add-child', { childId: CHILD_ID });
  const waiting = failed(parent, 'provider_unavailable');
  t.truthy(waiting.timers.retry);
  const { effects, next } = accepted(decide(waiting, command('delete', {}), context(at(60))));
  t.deepEqual(effects, [{ type: 'settle-children', policy: 'cancel' }]);
  t.deepEqual(next.timers, {});
  t.is(next.deletedAt, at(60));
});

test('a deleted session keeps its status and is not deleted twice', (t) => {
  const deleted = after(fired(prepared(submitted()), 'max-duration'), 'delete', {});
  t.is(deleted.status, 'timeout');
  const decision = decide(deleted, command('delete', {}), context(at(60)));
  t.regex(decision.kind === 'refused' ? decision.error.message : '', /deleted already/);
});

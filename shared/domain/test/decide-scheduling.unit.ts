import { STATUSES } from '@oio/contracts';
import test from 'ava';
import { decide, failureOf, isTerminal, pendingEffects } from '../src/index.ts';
import {
  accepted,
  after,
  at,
  CHILD_ID,
  command,
  completed,
  context,
  failed,
  PARENT_ID,
  prepared,
  SESSION_ID,
  SESSION_IN,
  submitted,
  token,
} from './sessions.ts';

test('a dispatch starts the first attempt on the server that the scheduler chose', (t) => {
  const { events, effects, next } = accepted(
    decide(submitted(), command('dispatch', { serverId: 'server-7', schedulerEpoch: 4 }), context(at(5))),
  );
  t.like(events[0], {
    type: 'session.running',
    data: {
      from: 'queued',
      to: 'running',
      attempt: 1,
      run: 1,
      serverId: 'server-7',
      messageId: 'msg_1',
      schedulerEpoch: 4,
    },
  });
  t.deepEqual(effects, [{ type: 'execute-attempt' }]);
  t.is(token(next), '1.1');
  t.is(next.times.startedAt, at(5));
});

test('a timer that was set anew or cleared does nothing when it fires late', (t) => {
  const running = prepared(submitted());
  const generation = running.timers['max-duration']?.generation ?? 0;
  for (const stale of [generation - 1, generation + 1]) {
    t.is(
      decide(running, command('fire-timer', { name: 'max-duration', generation: stale }), context(at(9_999))).kind,
      'nothing',
    );
  }
  const stopped = after(running, 'stop', {});
  t.is(
    decide(stopped, command('fire-timer', { name: 'max-duration', generation }), context(at(9_999))).kind,
    'nothing',
  );
});

test('time in which nobody ran a session does not count towards its longest', (t) => {
  const running = prepared(submitted());
  const timer = running.timers['max-duration'];
  const limitMs = running.session.maxDurationSeconds * 1_000;
  const fire = command('fire-timer', { name: 'max-duration', generation: timer?.generation ?? 0 });
  const dueAt = timer?.fireAt ?? '';
  const nightMs = 8 * 3_600_000;
  const morning = new Date(Date.parse(dueAt) + nightMs - limitMs / 2).toISOString();
  const { events, effects, next } = accepted(
    decide(running, fire, context(morning, { takenOver: { unownedMs: nightMs } })),
  );
  t.like(events, [{ type: 'session.adopted', data: { unownedMs: nightMs } }]);
  t.deepEqual(effects, pendingEffects(running));
  t.is(next.status, 'running');
  const later = new Date(Date.parse(dueAt) + nightMs).toISOString();
  const generation = events[0]?.seq ?? 0;
  t.deepEqual(next.timers['max-duration'], { fireAt: later, generation });
  t.is(decide(next, fire, context(later)).kind, 'nothing', 'as it stood before, it does not fire');
  const ended = accepted(
    decide(next, command('fire-timer', { name: 'max-duration', generation }), context(later)),
  ).next;
  t.is(ended.status, 'timeout');
  t.is(ended.times.executingMs, limitMs);
});

test('a session is taken over for no longer than it has run', (t) => {
  const running = prepared(submitted());
  const { next } = accepted(
    decide(running, command('adopt', {}), context(at(60), { takenOver: { unownedMs: 3_600_000 } })),
  );
  t.is(next.times.workingSince, at(60));
});

for (const name of ['', 'unknown', '__proto__', 'constructor', 'toString']) {
  test(`a timer of the name "${name}" does nothing`, (t) => {
    t.is(decide(prepared(submitted()), command('fire-timer', { name, generation: 1 }), context(at(1))).kind, 'nothing');
  });
}

test('a session that is over its time ends in time-out and its run is aborted', (t) => {
  const running = prepared(submitted());
  const order = command('fire-timer', {
    name: 'max-duration',
    generation: running.timers['max-duration']?.generation ?? 0,
  });
  const { effects, next } = accepted(decide(running, order, context(at(3_600))));
  t.is(next.status, 'timeout');
  t.is(next.failure?.code, 'time_exceeded');
  t.deepEqual(effects, [{ type: 'abort-attempt', serverId: 'server-1', token: '1.1' }]);
});

test('a due retry queues the session again as its own, not as anybody’s order', (t) => {
  const waiting = failed(prepared(submitted()), 'provider_unavailable');
  const retried = after(waiting, 'fire-timer', { name: 'retry', generation: waiting.timers.retry?.generation ?? 0 });
  t.is(retried.status, 'queued');
  t.is(retried.retries, 1);
  t.deepEqual(retried.timers, {});
});

test('a new owner starts again what the old one may have left: the run, the abort, the end of the children', (t) => {
  const parent = after(prepared(submitted()), 'add-child', { childId: CHILD_ID });
  const abort = { type: 'abort-attempt', serverId: 'server-1', token: '1.1' };
  const settle = { type: 'settle-children', policy: 'cancel' };
  t.deepEqual(pendingEffects(parent), [{ type: 'execute-attempt' }]);
  const stopped = after(parent, 'stop', {});
  t.deepEqual(pendingEffects(stopped), [abort, settle]);
  t.deepEqual(pendingEffects(after(stopped, 'report-closed', { token: '1.1', proof: 'Idle.' })), [settle]);
  t.deepEqual(pendingEffects(after(parent, 'pause', {})), [abort]);
  t.deepEqual(pendingEffects(failed(parent, 'provider_unavailable')), []);
  t.deepEqual(pendingEffects(failed(parent, 'provider_auth')), [settle]);
  t.deepEqual(pendingEffects(submitted()), []);
});

for (const status of ['running', 'degraded', 'queued'] as const) {
  test(`a ${status} session that was taken over ${status === 'queued' ? 'needs no mention of it' : 'says so in its history'}`, (t) => {
    const snapshot = SESSION_IN[status]();
    const decision = decide(snapshot, command('adopt', {}), context(at(60), { takenOver: { unownedMs: 0 } }));
    const { events, effects, next } = accepted(decision);
    t.deepEqual(
      events.map(({ type }) => type),
      status === 'queued' ? [] : ['session.adopted'],
    );
    t.deepEqual(effects, pendingEffects(snapshot));
    t.is(next.status, status);
  });
}

for (const status of STATUSES) {
  test(`adopting a ${status} session changes nothing in its history`, (t) => {
    const snapshot = SESSION_IN[status]();
    const decision = decide(snapshot, command('adopt', {}), context(at(60)));
    if (decision.kind === 'nothing') return t.true(isTerminal(status) && pendingEffects(snapshot).length === 0);
    const { events, effects, next } = accepted(decision);
    t.deepEqual(events, []);
    t.deepEqual(effects, pendingEffects(snapshot));
    return t.is(next, snapshot);
  });
}

test('a child is added once, and only to a session that has not ended', (t) => {
  const parent = after(submitted(), 'add-child', { childId: CHILD_ID });
  t.deepEqual(parent.childIds, [CHILD_ID]);
  t.is(decide(parent, command('add-child', { childId: CHILD_ID }), context(at(1))).kind, 'nothing');
  t.is(decide(SESSION_IN.completed(), command('add-child', { childId: CHILD_ID }), context(at(1))).kind, 'refused');
});

test('sessions form a tree: nothing becomes its own child or that of its child', (t) => {
  const session = submitted({ parentId: PARENT_ID });
  for (const childId of [SESSION_ID, PARENT_ID]) {
    t.is(decide(session, command('add-child', { childId }), context(at(1))).kind, 'refused');
  }
});

const endings = [
  ['pending', 'cancelled'],
  ['queued', 'cancelled'],
  ['running', 'stopped'],
  ['paused', 'cancelled'],
  ['degraded', 'stopped'],
] as const;
for (const [status, end] of endings) {
  test(`a ${status} child of a parent that ends becomes ${end}, or orphaned where the policy says so`, (t) => {
    const child = SESSION_IN[status]();
    const cancelled = after(child, 'end-by-parent', { policy: 'cancel', parentId: PARENT_ID });
    t.is(cancelled.status, end);
    t.is(cancelled.failure?.code, 'parent_ended');
    t.true(cancelled.failure?.message.includes(PARENT_ID));
    t.is(after(child, 'end-by-parent', { policy: 'orphan', parentId: PARENT_ID }).status, 'orphaned');
  });
}

test('only its own parent ends a session: another one with its id among the children changes nothing', (t) => {
  const stranger = submitted({ parentId: null });
  for (const policy of ['cancel', 'orphan'] as const) {
    t.is(decide(stranger, command('end-by-parent', { policy, parentId: PARENT_ID }), context(at(1))).kind, 'nothing');
    t.is(decide(submitted(), command('end-by-parent', { policy, parentId: CHILD_ID }), context(at(1))).kind, 'nothing');
  }
});

test('a child that has ended stays as it is when its parent ends', (t) => {
  for (const status of STATUSES.filter(isTerminal)) {
    t.is(
      decide(SESSION_IN[status](), command('end-by-parent', { policy: 'orphan', parentId: PARENT_ID }), context(at(1)))
        .kind,
      'nothing',
    );
  }
});

test('a parent with failed and succeeded children completes in part, and in full once all of them have succeeded', (t) => {
  const parent = after(prepared(submitted()), 'add-child', { childId: CHILD_ID });
  const partial = completed(parent, { children: { succeeded: 1, failed: 1, unended: 0 } });
  t.is(partial.status, 'partially_completed');
  t.deepEqual(partial.subTasks, { succeeded: 1, failed: 1 });
  const order = command('child-ended', { childId: CHILD_ID });
  t.is(decide(partial, order, context(at(60), { children: { succeeded: 1, failed: 1, unended: 0 } })).kind, 'nothing');
  const retrying = { succeeded: 2, failed: 0, unended: 1 };
  t.is(decide(partial, order, context(at(60), { children: retrying })).kind, 'nothing', 'that one may fail again');
  t.is(decide(partial, order, context(at(60))).kind, 'nothing');
  t.is(
    decide(
      partial,
      command('child-ended', { childId: PARENT_ID }),
      context(at(60), { children: { succeeded: 2, failed: 0, unended: 0 } }),
    ).kind,
    'nothing',
  );
  const { next } = accepted(
    decide(partial, order, context(at(60), { children: { succeeded: 2, failed: 0, unended: 0 } })),
  );
  t.is(next.status, 'completed');
  t.deepEqual(next.subTasks, { succeeded: 2, failed: 0 });
  t.deepEqual(next.result, partial.result);
});

test('a waiting session that can never run is given up with the reason, and a running one is not', (t) => {
  const failure = failureOf('directory_invalid');
  const given = after(submitted(), 'give-up', { failure });
  t.is(given.status, 'failed');
  t.deepEqual(given.failure, failure);
  t.deepEqual(given.timers, {});
  t.is(decide(prepared(submitted()), command('give-up', { failure }), context(at(1))).kind, 'nothing');
});

import type { StopProof } from '@oio/contracts';
import test from 'ava';
import { decide, failureOf, toSessionView } from '../src/index.ts';
import { accepted, after, at, command, context, failed, fired, prepared, SESSION_IN, submitted } from './sessions.ts';

const failure = failureOf('stop_unconfirmed', 'ses_1 went on after being aborted.');
const stop: StopProof = {
  aborted: ['ses_1', 'ses_2'],
  children: ['ses_2'],
  idleAt: at(30),
  readings: 3,
  conversationDeleted: false,
  processes: [{ pid: 7, name: 'sleep' }],
};

test('a stop is under way until its proof comes, which is shown and kept in the history', (t) => {
  const stopped = SESSION_IN.stopped();
  t.like(toSessionView(stopped, at(60)).attempt?.stop, { state: 'under_way', proof: null, failure: null });
  const { events, next } = accepted(
    decide(stopped, command('report-closed', { token: '1.1', proof: 'Idle.', stop }), context(at(40))),
  );
  t.like(events[0], { type: 'session.attempt-closed', data: { proof: 'Idle.', stop } });
  const shown = { state: 'proven', at: at(40), summary: 'Idle.', proof: stop, failure: null } as const;
  t.deepEqual(toSessionView(next, at(60)).attempt?.stop, shown);
});

test('a turn that ended by itself has nothing to be shown of a stop', (t) => {
  for (const status of ['running', 'completed', 'failed'] as const)
    t.is(toSessionView(SESSION_IN[status](), at(60)).attempt?.stop, null);
});

test('a turn that had to be ended because it hung shows its proof as well', (t) => {
  const next = after(SESSION_IN.running(), 'report-failed', {
    token: '1.1',
    steps: [],
    resume: null,
    failure: failureOf('tool_stalled'),
    stop,
  });
  t.like(toSessionView(next, at(60)).attempt?.stop, { state: 'proven', proof: stop });
});

test('a stop that cannot be shown is written down once, with its reason, and taken back by a later proof', (t) => {
  const doubted = after(SESSION_IN.stopped(), 'report-unconfirmed', { token: '1.1', failure });
  t.true(doubted.attempt?.open);
  t.like(toSessionView(doubted, at(60)), {
    status: 'stopped',
    failure: { code: 'stopped_by_user' },
    attempt: { stop: { state: 'unconfirmed', summary: failure.message, failure: { code: 'stop_unconfirmed' } } },
  });
  const again = command('report-unconfirmed', { token: '1.1', failure });
  t.is(decide(doubted, again, context(at(60))).kind, 'nothing');
  const proven = after(doubted, 'report-closed', { token: '1.1', proof: 'Idle.', stop });
  t.like(toSessionView(proven, at(60)).attempt?.stop, { state: 'proven', failure: null });
  t.is(decide(proven, again, context(at(60))).kind, 'nothing', 'it comes too late');
});

test('a session that works again is in no doubt', (t) => {
  const doubt = command('report-unconfirmed', { token: '1.1', failure });
  t.is(decide(SESSION_IN.running(), doubt, context(at(60))).kind, 'nothing');
});

test('no other attempt begins while the last turn may still be at work, by nobody’s order', (t) => {
  const stopped = after(SESSION_IN.stopped(), 'report-unconfirmed', { token: '1.1', failure });
  const refused = decide(stopped, command('retry', {}), context(at(60)));
  if (refused.kind !== 'refused') return t.fail();
  t.regex(refused.error.message, /stop_unconfirmed/);
  const proven = after(stopped, 'report-closed', { token: '1.1', proof: 'Idle.', stop });
  t.is(after(proven, 'retry', {}).status, 'queued');
});

test('an automatic retry waits until nothing of the last turn can be at work', (t) => {
  const lost = after(prepared(submitted()), 'report-failed', {
    token: '1.1',
    steps: [],
    resume: null,
    failure: failureOf('server_unreachable'),
    mayStillRun: true,
  });
  const doubted = after(lost, 'report-unconfirmed', { token: '1.1', failure });
  const generation = doubted.timers.retry?.generation ?? 0;
  const due = command('fire-timer', { name: 'retry', generation });
  t.is(decide(lost, due, context(at(59))).kind, 'nothing', 'it is still looked for');
  t.is(accepted(decide(lost, due, context(at(60)))).next.status, 'queued', 'nobody is left to look for it');
  t.is(decide(doubted, due, context(at(90))).kind, 'nothing');
  const proven = after(doubted, 'report-closed', { token: '1.1', proof: 'Idle.', stop });
  t.is(fired(proven, 'retry').status, 'queued');
  t.is(fired(failed(prepared(submitted()), 'server_unreachable'), 'retry').status, 'queued');
});

test('a retry by hand is accepted while the last turn is being ended, and begins once that is shown', (t) => {
  const retried = after(SESSION_IN.stopped(), 'retry', {}, { now: at(50) });
  const dispatch = command('dispatch', { serverId: 'server-2', schedulerEpoch: 1 });
  const early = decide(retried, dispatch, context(at(59)));
  t.regex(early.kind === 'refused' ? early.error.message : '', /its last turn may still be at work/);
  t.is(accepted(decide(retried, dispatch, context(at(60)))).next.status, 'running', 'nobody is left to look for it');
  const proven = after(retried, 'report-closed', { token: '1.1', proof: 'Idle.', stop });
  t.is(accepted(decide(proven, dispatch, context(at(51)))).next.status, 'running');
  const doubted = after(retried, 'report-unconfirmed', { token: '1.1', failure });
  t.is(decide(doubted, dispatch, context(at(999))).kind, 'refused');
});

test('a paused session that goes on has a new run, and nothing to be shown of the last stop', (t) => {
  const paused = after(SESSION_IN.paused(), 'report-closed', { token: '1.1', proof: 'Idle.', stop });
  const resumed = after(after(paused, 'resume', {}), 'dispatch', { serverId: 'server-1', schedulerEpoch: 1 });
  t.is(toSessionView(resumed, at(60)).attempt?.stop, null);
});

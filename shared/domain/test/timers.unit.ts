import test from 'ava';
import { decide, failureOf, timeViolations } from '../src/index.ts';
import {
  after,
  at,
  command,
  completed,
  context,
  dispatched,
  failed,
  fired,
  prepared,
  SESSION_IN,
  submitted,
  token,
} from './sessions.ts';

test('a dispatch sets the time limit and the checkpoint interval', (t) => {
  const running = dispatched(submitted({ maxDurationSeconds: 600 }, { checkpointIntervalSeconds: 60 }), at(100));
  t.deepEqual(running.timers, {
    'max-duration': { generation: running.version, fireAt: at(700) },
    checkpoint: { generation: running.version, fireAt: at(160) },
  });
});

test('a pause stops the clock: the resumed session has the rest of its time, not the whole', (t) => {
  const running = prepared(submitted({ maxDurationSeconds: 600 }), at(100));
  const paused = after(running, 'pause', {}, { now: at(350) });
  t.deepEqual(paused.timers, {});
  t.is(paused.times.attemptMs, 250_000);
  const resumed = dispatched(after(paused, 'resume', {}, { now: at(5_000) }), at(6_000));
  t.is(resumed.timers['max-duration']?.fireAt, at(6_350));
  const again = dispatched(after(after(resumed, 'pause', {}, { now: at(6_100) }), 'resume', {}), at(9_000));
  t.is(again.timers['max-duration']?.fireAt, at(9_250));
});

test('a session whose time was used up in the moment of its pause is over it as soon as it is resumed', (t) => {
  const paused = after(prepared(submitted({ maxDurationSeconds: 60 }), at(0)), 'pause', {}, { now: at(90) });
  t.is(dispatched(after(paused, 'resume', {}), at(100)).timers['max-duration']?.fireAt, at(100));
});

test('degraded time counts: neither timer is touched on the way there and back', (t) => {
  const running = prepared(submitted(), at(0));
  const degraded = after(
    running,
    'report-degraded',
    { token: token(running), failure: failureOf('rate_limited') },
    { now: at(50) },
  );
  t.deepEqual(degraded.timers, running.timers);
  const recovered = after(degraded, 'report-recovered', { token: token(running) }, { now: at(80) });
  t.deepEqual(recovered.timers, running.timers);
  t.is(after(recovered, 'stop', {}, { now: at(100) }).times.executingMs, 100_000);
});

test('a retry has its whole time again', (t) => {
  const timedOut = fired(prepared(submitted({ maxDurationSeconds: 600 }), at(0)), 'max-duration', { now: at(600) });
  const retried = dispatched(after(timedOut, 'retry', {}, { now: at(700) }), at(800));
  t.is(retried.timers['max-duration']?.fireAt, at(1_400));
  t.is(retried.times.attemptMs, 0);
  t.is(retried.times.executingMs, 600_000);
});

test('a checkpoint of the interval sets the next one; other checkpoints do not put it off', (t) => {
  const running = dispatched(submitted(), at(0));
  const requested = after(running, 'checkpoint', { data: {} }, { now: at(200) });
  t.is(requested.timers.checkpoint?.fireAt, at(300));
  const made = fired(requested, 'checkpoint', { now: at(300) });
  t.like(made.checkpoints, { count: 2, last: { origin: 'interval' } });
  t.deepEqual(made.timers.checkpoint, { generation: made.version, fireAt: at(600) });
});

for (const status of [
  'pending',
  'queued',
  'paused',
  'completed',
  'partially_completed',
  'timeout',
  'stopped',
  'cancelled',
  'orphaned',
] as const) {
  test(`a ${status} session has no timer`, (t) => {
    t.deepEqual(SESSION_IN[status]().timers, {});
  });
}

test('a session of a later time stays pending until its timer fires, and is queued then', (t) => {
  const early = submitted({ notBefore: at(500) });
  t.is(early.status, 'pending');
  t.deepEqual(early.timers, { 'not-before': { generation: 1, fireAt: at(500) } });
  const queued = fired(early, 'not-before', { now: at(500) });
  t.like(queued, { status: 'queued', retries: 0, timers: {} });
  t.is(queued.times.waitingSince, at(500));
});

test('a session of a later time that is started by hand does not wait, and one that is cancelled never starts', (t) => {
  const early = submitted({ notBefore: at(500) });
  const order = command('fire-timer', { name: 'not-before', generation: 1 });
  for (const [name, status] of [
    ['start', 'queued'],
    ['cancel', 'cancelled'],
  ] as const) {
    const moved = after(early, name, {});
    t.like(moved, { status, timers: {} });
    t.is(decide(moved, order, context(at(500))).kind, 'nothing');
  }
});

test('a session that waits longer for a slot than it may fails for that reason, and is not retried by itself', (t) => {
  const waiting = submitted({ queueTimeoutSeconds: 30 });
  t.deepEqual(waiting.timers, { 'queue-timeout': { generation: waiting.version, fireAt: at(30) } });
  const gaveUp = fired(waiting, 'queue-timeout', { now: at(30) });
  t.like(gaveUp, { status: 'failed', timers: {} });
  t.is(gaveUp.failure?.code, 'queue_timeout');
});

test('a session that got its slot in time has the limits of its run alone, and its patience anew when it is queued again', (t) => {
  const running = dispatched(submitted({ queueTimeoutSeconds: 30 }), at(29));
  t.deepEqual(Object.keys(running.timers), ['max-duration', 'checkpoint']);
  const retried = after(
    fired(prepared(submitted({ queueTimeoutSeconds: 30 })), 'max-duration'),
    'retry',
    {},
    { now: at(900) },
  );
  t.is(retried.timers['queue-timeout']?.fireAt, at(930));
});

test('the wait of a paused session for its slot is not bounded by it', (t) => {
  const paused = after(prepared(submitted({ queueTimeoutSeconds: 30 })), 'pause', {});
  t.deepEqual(after(paused, 'resume', {}).timers, {});
});

for (const [what, notBefore, code] of [
  ['in the past', at(-1), 'past'],
  ['more than ten years ahead', '2036-01-01T00:00:00.001Z', 'too_late'],
] as const) {
  test(`a start ${what} is refused by name`, (t) => {
    t.like(timeViolations({ start: true, notBefore }, at(0))[0], { field: 'notBefore', code });
  });
}

test('a start just now, ten years ahead, or at no time at all is taken; one of a session that does not start is not', (t) => {
  for (const notBefore of [at(0), '2036-01-01T00:00:00.000Z', null, undefined])
    t.deepEqual(timeViolations({ start: true, notBefore }, at(0)), []);
  t.like(timeViolations({ start: false, notBefore: at(5) }, at(0))[0], { field: 'notBefore', code: 'contradiction' });
});

test('a session that ends has no timer left of its run, and one that failed for a passing reason only that of its retry', (t) => {
  t.deepEqual(completed(prepared(submitted())).timers, {});
  t.deepEqual(Object.keys(failed(prepared(submitted()), 'rate_limited').timers), ['retry']);
});

test('an order to retry clears the timer of the automatic retry', (t) => {
  t.deepEqual(after(failed(prepared(submitted()), 'rate_limited'), 'retry', {}).timers, {});
});

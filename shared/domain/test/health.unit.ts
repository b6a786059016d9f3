import { STATUSES } from '@oio/contracts';
import test from 'ava';
import { healthScore } from '../src/index.ts';
import { after, at, dispatched, prepared, SESSION_IN, submitted } from './sessions.ts';

for (const status of STATUSES.filter((name) => name !== 'running')) {
  const score = { completed: 1, failed: 0 }[status as string] ?? 0.8;
  test(`the health of a ${status} session is ${score}, whatever its age`, (t) => {
    t.is(healthScore(SESSION_IN[status](), at(0)), score);
    t.is(healthScore(SESSION_IN[status](), at(1e6)), score);
  });
}

const borders = [
  [0, 0.9],
  [699.999, 0.9],
  [700, 0.7],
  [899.999, 0.7],
  [900, 0.3],
  [1_000, 0.3],
  [5_000, 0.3],
] as const;
for (const [seconds, score] of borders) {
  test(`the health of a session that has run ${seconds} of 1,000 s is ${score}`, (t) => {
    const running = dispatched(submitted({ maxDurationSeconds: 1_000 }), at(50));
    t.is(healthScore(running, at(50 + seconds)), score);
  });
}

test('the time before a pause counts, that of the pause and of earlier attempts does not', (t) => {
  const paused = after(prepared(submitted({ maxDurationSeconds: 1_000 }), at(0)), 'pause', {}, { now: at(600) });
  const resumed = dispatched(after(paused, 'resume', {}, { now: at(5_000) }), at(5_000));
  t.is(healthScore(resumed, at(5_099)), 0.9);
  t.is(healthScore(resumed, at(5_100)), 0.7);
  const retried = dispatched(after(after(resumed, 'stop', {}, { now: at(5_100) }), 'retry', {}), at(6_000));
  t.is(healthScore(retried, at(6_001)), 0.9);
});

test('a clock that was set back makes no session ill', (t) => {
  t.is(healthScore(dispatched(submitted(), at(5_000)), at(0)), 0.9);
});

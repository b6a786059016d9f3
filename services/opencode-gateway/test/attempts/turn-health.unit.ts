import { failureOf } from '@oio/domain';
import test from 'ava';
import type { Reporter } from '../../src/attempts/report.ts';
import { TurnHealth } from '../../src/attempts/turn-health.ts';

function begin(mayBeImpaired = false) {
  const told: string[] = [];
  const ids = new Set<string>();
  const reporter: Reporter = {
    report: async (name, about, payload) => {
      ids.add(`${name}:${about}`);
      const { failure } = payload as { failure?: { code: string } };
      told.push(failure ? `${name} ${failure.code}` : name);
      return 'running';
    },
  };
  const clock = { nowMs: 0 };
  const health = new TurnHealth(reporter, { mayBeImpaired, calmMs: 10_000, nowMs: () => clock.nowMs });
  return { told, ids, clock, health };
}

test('what impairs an attempt is told once, and so is its end, when it has been well for long enough', async (t) => {
  const { told, clock, health } = begin();
  await health.well();
  await health.impaired(failureOf('rate_limited'));
  await health.impaired(failureOf('rate_limited', 'Again.'));
  await health.well();
  t.is(health.calmInMs, 10_000);
  clock.nowMs = 9_999;
  await health.well();
  t.deepEqual(told, ['report-degraded rate_limited']);
  clock.nowMs = 10_000;
  await health.well();
  await health.well();
  t.deepEqual(told, ['report-degraded rate_limited', 'report-recovered']);
});

test('what comes and goes is one impairment', async (t) => {
  const { told, clock, health } = begin();
  for (let round = 0; round < 5; round += 1) {
    await health.impaired(failureOf('rate_limited'));
    clock.nowMs += 6_000;
    await health.well();
    clock.nowMs += 6_000;
  }
  t.deepEqual(told, ['report-degraded rate_limited']);
});

test('another reason takes the place of the first', async (t) => {
  const { told, ids, health } = begin();
  await health.impaired(failureOf('rate_limited'));
  await health.impaired(failureOf('liveness_unknown'));
  t.deepEqual(told, ['report-degraded rate_limited', 'report-degraded liveness_unknown']);
  t.is(ids.size, 2, 'in the same millisecond too, none is taken for a repetition of the other');
});

test('another time that the provider names is told as well, and none is no news', async (t) => {
  const { told, health } = begin();
  const until = (resetAt: string) => ({
    ...failureOf('rate_limited'),
    quota: { model: 'a/x', resetAt, byDefault: false },
  });
  await health.impaired(until('2026-01-01T00:00:00.000Z'));
  await health.impaired(until('2026-01-01T00:00:00.000Z'));
  await health.impaired(failureOf('rate_limited'));
  t.is(told.length, 1);
  await health.impaired(until('2026-01-01T00:01:00.000Z'));
  t.is(told.length, 2);
});

test('a run that goes on from an impaired one takes that back', async (t) => {
  const { told, clock, health } = begin(true);
  await health.well();
  clock.nowMs = 10_000;
  await health.well();
  t.deepEqual(told, ['report-recovered']);
});

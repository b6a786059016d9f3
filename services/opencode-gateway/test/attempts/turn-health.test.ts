import { failureOf } from '@oio/domain';
import test from 'ava';
import type { Reporter } from '../../src/attempts/report.ts';
import { TurnHealth } from '../../src/attempts/turn-health.ts';

function begin(mayBeImpaired = false) {
  const told: string[] = [];
  const reporter: Reporter = {
    report: async (name, _about, payload) => {
      const { failure } = payload as { failure?: { code: string } };
      told.push(failure ? `${name} ${failure.code}` : name);
    },
  };
  return { told, health: new TurnHealth(reporter, mayBeImpaired) };
}

test('what impairs an attempt is told once, and so is its end', async (t) => {
  const { told, health } = begin();
  await health.well();
  await health.impaired(failureOf('rate_limited'));
  await health.impaired(failureOf('rate_limited', 'Again.'));
  await health.well();
  await health.well();
  t.deepEqual(told, ['report-degraded rate_limited', 'report-recovered']);
});

test('another reason takes the place of the first', async (t) => {
  const { told, health } = begin();
  await health.impaired(failureOf('rate_limited'));
  await health.impaired(failureOf('liveness_unknown'));
  t.deepEqual(told, ['report-degraded rate_limited', 'report-recovered', 'report-degraded liveness_unknown']);
});

test('a run that goes on from an impaired one takes that back', async (t) => {
  const { told, health } = begin(true);
  await health.well();
  t.deepEqual(told, ['report-recovered']);
});

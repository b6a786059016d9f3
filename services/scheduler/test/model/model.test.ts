import test from 'ava';
import { runModel } from './run-model.ts';

test('no limit is exceeded, nothing is lost, and nobody waits beyond the bound, whatever is admitted, ends, crashes, is refused or changes', (t) => {
  for (const seed of [1, 2, 3]) {
    const run = runModel(seed, 5_000);
    t.deepEqual(run.broken, [], `seed ${seed}`);
    t.true(run.started > 1_000 && run.passedOver > 0);
    t.true(run.closed > 20 && run.answers > 20);
  }
});

test('the decisions are the same for the same seed', (t) => {
  t.deepEqual(runModel(7, 2_000), runModel(7, 2_000));
  t.not(runModel(8, 2_000).fingerprint, runModel(7, 2_000).fingerprint);
});

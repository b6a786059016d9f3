import test from 'ava';
import { lasting } from './world.ts';

test('a fault that is run alone lasts as long as it is meant to, or as long as the run', (t) => {
  t.is(lasting({ seconds: 120, takesTurns: false }, 60, 0.25), 60_000);
  t.is(lasting({ seconds: 120, takesTurns: false }, 120, 0.25), 120_000);
  t.is(lasting({ seconds: 45, takesTurns: false }, 60, 0.25), 45_000);
});

test('where faults take turns each has its share of the run, a second at least, and not more than it is meant to last', (t) => {
  t.is(lasting({ seconds: 120, takesTurns: true }, 60, 0.25), 30_000);
  t.is(lasting({ seconds: 1_800, takesTurns: true }, 60, 0.25), 60_000);
  t.is(lasting({ seconds: 2, takesTurns: true }, 60, 0.25), 1_000);
});

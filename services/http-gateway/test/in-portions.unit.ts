import test from 'ava';
import { inPortions } from '../src/in-portions.ts';

test('a hundred go together', (t) => {
  const items = Array.from({ length: 250 }, (_, index) => index);
  const portions = inPortions(items);
  t.deepEqual(
    portions.map(({ length }) => length),
    [100, 100, 50],
  );
  t.deepEqual(portions.flat(), items);
});

test('long ones go in smaller portions, and one that is too long for any goes alone', (t) => {
  const sized = (size: number): string => 'x'.repeat(size);
  const sizes = [60_000, 60_000, 60_000, 200_000, 10];
  t.deepEqual(
    inPortions(sizes.map(sized)).map((portion) => portion.map(({ length }) => length)),
    [[60_000, 60_000], [60_000], [200_000], [10]],
  );
});

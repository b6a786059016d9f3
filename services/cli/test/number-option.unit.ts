import { InvalidArgumentError } from 'commander';
import test from 'ava';
import { numberOption } from '../src/number-option.ts';

test('a number is taken', (t) => {
  t.deepEqual(['0', '-1', '2.5', '1e3'].map(numberOption), [0, -1, 2.5, 1_000]);
});

test('what is none is refused at once: the API would be told null', (t) => {
  for (const value of ['abc', '', ' ', 'NaN', 'Infinity', '1h'])
    t.throws(() => numberOption(value), { instanceOf: InvalidArgumentError }, value);
});

import test from 'ava';
import { wholeNumber } from './command-line.ts';

test('a number that is none, or tries nothing, is refused: a proof of no tries would hold', (t) => {
  const rule = { otherwise: 20, least: 1 };
  t.is(wholeNumber('times', undefined, rule), 20);
  t.is(wholeNumber('times', '3', rule), 3);
  for (const text of ['0', '-1', '1.5', 'all', '1e99'])
    t.throws(() => wholeNumber('times', text, rule), { message: /^--times must be a whole number from 1 on/ }, text);
});

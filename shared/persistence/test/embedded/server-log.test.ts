import test from 'ava';
import { usefulLines } from '../../src/embedded/server-log.ts';

test('the lines that tell why something failed are quoted without their prefix, the last five', (t) => {
  const prefix = '2026-11-22 16:25:34.458 UTC [9327] ';
  const errors = Array.from({ length: 6 }, (_, index) => `${prefix}FATAL:  reason ${index}`);
  const quoted = usefulLines(
    [`${prefix}LOG:  starting`, ...errors, `${prefix}LOG:  database system is shut down`, ''].join('\n'),
  );
  t.deepEqual(
    quoted.split('\n'),
    [1, 2, 3, 4, 5].map((index) => `  FATAL:  reason ${index}`),
  );
});

test('a line that comes again and again does not push the reason out', (t) => {
  const again = Array.from({ length: 20 }, () => 'FATAL:  the database system is in recovery mode');
  t.is(usefulLines(['FATAL:  reason', ...again].join('\n')), `  FATAL:  reason\n  ${again[0]}`);
});

test('output without such lines is quoted as it is', (t) => {
  t.is(usefulLines('one\n\ntwo\n'), '  one\n  two');
});

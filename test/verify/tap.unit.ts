import test from 'ava';
import { TapReader, type TapSummary, type TapTest } from './tap.ts';

function read(text: string): { tests: TapTest[]; summary: TapSummary | undefined } {
  const tests: TapTest[] = [];
  const reader = new TapReader((one) => tests.push(one));
  for (const line of text.split('\n')) reader.read(line);
  return { tests, summary: reader.end() };
}

const CLOSING = '\n1..2\n# tests 2\n# pass 1\n# fail 1\n';

test('results, titles and details are read', (t) => {
  const { tests, summary } = read(
    `TAP version 13\nok 1 - good\nnot ok 2 - bad › worse\n  ---\n    message: 'no'\n      at: x\n  ...${CLOSING}`,
  );
  t.deepEqual(tests, [
    { title: 'good', result: 'passed', details: '' },
    { title: 'bad › worse', result: 'failed', details: "message: 'no'\n  at: x" },
  ]);
  t.deepEqual(summary, { planned: 2, failed: 1 });
});

test('skipped and planned tests did not run, however they are marked', (t) => {
  const { tests } = read('ok 1 - a # SKIP\nnot ok 2 - b # TODO');
  t.deepEqual(
    tests.map(({ title, result }) => [title, result]),
    [
      ['a', 'skipped'],
      ['b', 'skipped'],
    ],
  );
});

test('details that look like results are not taken for results', (t) => {
  const { tests, summary } = read(`not ok 1 - a\n  ---\n    x: |-\nok 2 - no\n1..9\n# fail 0\n  ...${CLOSING}`);
  t.is(tests.length, 1);
  t.deepEqual(summary, { planned: 2, failed: 1 });
});

test('a failed test without details is reported as well', (t) => {
  t.deepEqual(
    read('not ok 1 - a\nok 2 - b').tests.map(({ result }) => result),
    ['failed', 'passed'],
  );
});

test('a log line that imitates the closing count is ignored', (t) => {
  t.is(read('ok 1 - a\n#   # fail 0').summary, undefined);
});

test('an output that stops in the middle has no closing count', (t) => {
  const { tests, summary } = read('ok 1 - a\nnot ok 2 - b\n  ---\n    message: cut');
  t.deepEqual(
    tests.map(({ result }) => result),
    ['passed', 'failed'],
  );
  t.is(summary, undefined);
});

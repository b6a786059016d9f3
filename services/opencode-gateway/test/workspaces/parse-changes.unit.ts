import test from 'ava';
import { parseChanges } from '../../src/workspaces/parse-changes.ts';

const RAW = [
  ':000000 100644 0 1 A',
  'new\nline',
  ':100644 100644 1 2 R079',
  'old',
  'moved',
  ':100644 120000 1 2 T',
  'link',
];
const NUMBERS = ['3\t0\tnew\nline', '1\t2\t', 'old', 'moved', '-\t-\tlink'];
const OUTPUT = [...RAW, ...NUMBERS, ''].join('\0');

const FILES = [
  { path: 'new\nline', status: 'added', additions: 3, deletions: 0 },
  { path: 'moved', status: 'renamed', additions: 1, deletions: 2 },
  { path: 'link', status: 'modified', additions: 0, deletions: 0 },
] as const;

test('every file comes with its status and lines', (t) => {
  t.deepEqual(parseChanges(OUTPUT), [...FILES]);
  t.deepEqual(parseChanges(''), []);
});

test('output that was cut off gives the files before the cut', (t) => {
  for (let length = 0; length < OUTPUT.length; length++) {
    const found = parseChanges(OUTPUT.slice(0, length));
    const expected = FILES.slice(0, found.length);
    t.deepEqual(
      found.map(({ path, status }) => ({ path, status })),
      expected.map(({ path, status }) => ({ path, status })),
      `cut after ${length} characters`,
    );
  }
});

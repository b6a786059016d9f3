import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { widthOf } from '../../src/demo/printable.ts';
import { resultsTable } from '../../src/demo/results-table.ts';
import { goodEvidence, outcome } from './support/outcomes.ts';

const { outcomes, after } = goodEvidence();
const branches = new Set(Object.keys(after.branches));
const all = Object.values(outcomes);

test('a table without a limit has a row for each session and a column for each figure', (t) => {
  const lines = resultsTable(all, { columns: null, colourDepth: 1, branches }).split('\n');
  t.is(lines.length, all.length + 1);
  t.regex(lines[0] ?? '', /^session +type +priority +state +attempts +steps +tokens +cost +time +branch +commit$/);
  t.regex(
    lines[1] ?? '',
    /^Plan the slug function +planning +high +✔ completed +1 +1 +1,234 +\$0\.0123 +9\.0 s +oio\/planning +c1$/,
  );
  t.regex(lines[5] ?? '', /^Document .* ✔ completed +2 +/);
});

test('a session whose branch was given up shows none', (t) => {
  t.regex(resultsTable([outcomes.review], { columns: null, colourDepth: 1, branches }), / – +–$/);
});

test('no line is wider than the terminal, and no column is lost', (t) => {
  for (const columns of [40, 60, 80, 120, 160]) {
    const text = stripVTControlCharacters(resultsTable(all, { columns, colourDepth: 24, branches }));
    t.true(
      text.split('\n').every((line) => widthOf(line) <= columns),
      `${columns}\n${text}`,
    );
    for (const head of ['type', 'attempts', 'tokens', 'cost', 'branch', 'commit']) t.true(text.includes(head), head);
  }
});

test('what an agent wrote cannot break the table', (t) => {
  const session = { ...outcome('review').session, title: 'one\ntwo\u001B[2J' };
  const text = resultsTable([{ ...outcomes.review, session }], { columns: null, colourDepth: 1, branches });
  t.is(text.split('\n').length, 2);
  t.true(text.includes('one two\\u{1b}[2J'));
});

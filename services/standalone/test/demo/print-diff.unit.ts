import test from 'ava';
import { sessionReport } from '../../src/demo/print-diff.ts';
import { goodEvidence, outcome } from './support/outcomes.ts';

const { outcomes } = goodEvidence();

test('a session that changed files shows them', (t) => {
  const report = sessionReport(outcomes.planning, 1).split('\n');
  t.deepEqual(report.slice(0, 4), [
    'Plan the slug function',
    '  1 file, +1 −0, on branch oio/planning',
    '  +++ b/docs/plan.md',
    '  @@ -0,0 +1 @@',
  ]);
});

test('with colours, what was added is green and what was taken away red', (t) => {
  const report = sessionReport(outcomes.planning, 24);
  t.true(report.includes('\u001B[32m+new'));
  t.true(report.includes('\u001B[31m-old'));
});

test('a session that changed nothing shows what it reported', (t) => {
  t.is(
    sessionReport(outcomes.review, 1),
    'Review the word counter\n  No files changed. It reported:\n  Findings: one.',
  );
});

test('a session that failed says why', (t) => {
  const failure = {
    code: 'no_progress',
    message: 'Nothing moved.',
    transient: true,
    meaning: 'Stuck.',
    advice: 'Retry it.',
  };
  t.regex(sessionReport(outcome('planning', { status: 'failed', failure }), 1), /no_progress: Nothing moved\./);
});

test('a long diff is capped, and says by how much', (t) => {
  const patch = Array.from({ length: 100 }, (_, line) => `+line ${line}`).join('\n');
  const diff = {
    files: [{ path: 'a', status: 'added' as const, additions: 100, deletions: 0 }],
    patch,
    truncated: false,
  };
  const lines = sessionReport({ ...outcomes.planning, diff }, 1).split('\n');
  t.is(lines.length, 2 + 80 + 1);
  t.is(lines.at(-1), '  … 20 more lines');
});

test('escape sequences in a diff do nothing', (t) => {
  const diff = {
    files: [{ path: 'a', status: 'added' as const, additions: 1, deletions: 0 }],
    patch: '+\u001B]0;title\u0007',
    truncated: false,
  };
  t.true(sessionReport({ ...outcomes.planning, diff }, 1).includes('+\\u{1b}]0;title\\u{7}'));
});

import { readdirSync, readFileSync } from 'node:fs';
import { STATUSES, type Status } from '@oio/contracts';
import test from 'ava';
import { FAILURES, failureOf, isLiving, isTerminal, isWorking, STATUS_DISPLAY } from '../src/index.ts';

/** Section 2 of the specification, copied by hand. */
const COLOURS: Readonly<Record<Status, string>> = {
  pending: '#6B7280',
  queued: '#3B82F6',
  running: '#10B981',
  paused: '#F59E0B',
  completed: '#059669',
  partially_completed: '#D97706',
  failed: '#DC2626',
  timeout: '#7C3AED',
  stopped: '#4B5563',
  cancelled: '#374151',
  orphaned: '#9333EA',
  degraded: '#F97316',
};

test('every status has its colour and a symbol of its own', (t) => {
  for (const status of STATUSES) t.is(STATUS_DISPLAY[status].colour, COLOURS[status]);
  t.is(new Set(STATUSES.map((status) => STATUS_DISPLAY[status].symbol)).size, STATUSES.length);
});

test('a status is either living or terminal, and only running and degraded sessions work', (t) => {
  t.deepEqual(STATUSES.filter(isTerminal), [
    'completed',
    'partially_completed',
    'failed',
    'timeout',
    'stopped',
    'cancelled',
    'orphaned',
  ]);
  t.deepEqual(STATUSES.filter(isLiving), ['pending', 'queued', 'running', 'paused', 'degraded']);
  t.deepEqual(STATUSES.filter(isWorking), ['running', 'degraded']);
});

for (const [code, { meaning, advice, retry }] of Object.entries(FAILURES)) {
  test(`the failure ${code} says what happened and what to do`, (t) => {
    t.regex(code, /^[a-z]+(_[a-z]+)*$/);
    for (const sentence of [meaning, advice]) t.regex(sentence, /^[A-Z].{5,}\.$/);
    if (retry === 'passes') t.regex(advice, /^Nothing;/);
    // Whether one is due stands beside it, and at the end there is none.
    t.notRegex(advice, retry === 'never' ? /its retr(y|ies)/ : /^It is retried[;.]/);
  });
}

test('a failure carries its own words or those of the table, and a context only where there is one', (t) => {
  t.deepEqual(failureOf('rate_limited'), {
    code: 'rate_limited',
    message: FAILURES.rate_limited.meaning,
    transient: true,
  });
  t.deepEqual(failureOf('internal', 'Broken.', { at: 1 }), {
    code: 'internal',
    message: 'Broken.',
    transient: false,
    context: { at: 1 },
  });
  t.is(failureOf('stopped_by_user', '').message, FAILURES.stopped_by_user.meaning);
});

test('failures that cannot get better are never transient', (t) => {
  for (const code of [
    'model_not_found',
    'agent_not_found',
    'provider_auth',
    'directory_invalid',
    'stopped_by_user',
    'cancelled_by_user',
    'parent_ended',
  ] as const) {
    t.is(FAILURES[code].retry, 'never', code);
  }
});

test('every failure that a source file makes is in the table, and every one of the table is made somewhere', (t) => {
  const sources = sourceFiles(['services', 'shared']).filter(({ path }) => !path.endsWith('failure-table.ts'));
  const words = new Set(sources.flatMap(({ text }) => [...text.matchAll(/'([a-z_]+)'/g)].map(([, word]) => word)));
  const codes = Object.keys(FAILURES);
  t.true(codes.length >= 25);
  t.deepEqual(
    codes.filter((code) => !words.has(code)),
    [],
    'made nowhere',
  );
  const made = sources.flatMap(({ text }) => [...text.matchAll(/failureOf\(\s*'([^']+)'/g)].map(([, code]) => code));
  t.true(made.length > 5);
  t.deepEqual(
    made.filter((code) => !Object.hasOwn(FAILURES, String(code))),
    [],
    'not in the table',
  );
});

function sourceFiles(roots: readonly string[]): { readonly path: string; readonly text: string }[] {
  return roots.flatMap((root) => {
    const folder = new URL(`../../../${root}/`, import.meta.url);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && path.includes('/src/') && !path.includes('node_modules'))
      .map((path) => ({ path, text: readFileSync(new URL(path, folder), 'utf8') }));
  });
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { makeRepository } from './make-repository.ts';
import type { Outcome } from './run-steps.ts';
import { runTests, type TestRun } from './run-tests.ts';

const AVA = "import test from 'ava';\n";
const GOOD = `${AVA}test('good', (t) => t.pass());\n`;

interface Planted extends Pick<TestRun, 'args' | 'timeLimitMs'> {
  /** Test files by name, without folder and `.test.ts`. */
  readonly files: Readonly<Record<string, string>>;
  /** Test files elsewhere, by path: titles tell their files only where not all of them lie in one folder. */
  readonly others?: Readonly<Record<string, string>>;
}

interface Result extends Outcome {
  readonly root: string;
  readonly shown: string;
}

async function run(t: ExecutionContext, { files, others = {}, ...options }: Planted): Promise<Result> {
  const paths = Object.entries(files).map(([name, text]) => [`services/planted/test/${name}.test.ts`, text] as const);
  const planted: Record<string, string> = Object.fromEntries(paths);
  const root = await makeRepository(t, { ...planted, ...others });
  const lines: string[] = [];
  const outcome = await runTests({ root, print: (line) => lines.push(line), ...options });
  return { ...outcome, root, shown: lines.join('\n') };
}

test('passing tests are counted', async (t) => {
  const outcome = await run(t, { files: { a: GOOD, b: GOOD } });
  t.like(outcome, { passed: 2, failed: 0, problems: { length: 0 } });
});

test('failing, skipped, planned and crashing tests all count as failed and are shown with their reason', async (t) => {
  const { passed, failed, shown } = await run(t, {
    files: {
      a: GOOD,
      assertion: `${AVA}test('one is two', (t) => t.is(1, 2));\n`,
      crash: `${AVA}throw new Error('crashed on import');\n`,
      hook: `${AVA}test.before(() => { throw new Error('hook broke'); });\ntest('never ran', (t) => t.pass());\n`,
      skip: `${AVA}test.skip('left out', (t) => t.pass());\n`,
      todo: `${AVA}test.todo('planned');\n`,
    },
  });
  t.is(passed, 1);
  t.true(failed >= 6, `${failed} failed:\n${shown}`);
  for (const reason of [
    /✗ .*one is two/,
    /crashed on import/,
    /hook broke/,
    /left out\n.*was skipped/,
    /planned\n.*was skipped/,
  ]) {
    t.regex(shown, reason);
  }
  const summary = shown.slice(shown.indexOf('What failed:'));
  for (const title of [/✗ .*one is two\n.*/, /left out/, /planned/])
    t.regex(summary, title, 'and once more at the end');
});

const ELSEWHERE = { 'shared/other/test/elsewhere.test.ts': GOOD };
/** Fails the first time; a second run finds what the first has left. */
const UNSTEADY = `${AVA}import { existsSync, writeFileSync } from 'node:fs';
test('unsteady', (t) => {
  const isSecond = existsSync('tried');
  writeFileSync('tried', '');
  t.true(isSecond, 'too slow');
});
`;

test('a test that failed and passes alone counts as passed, and is named with its reason', async (t) => {
  const outcome = await run(t, { files: { a: GOOD, unsteady: UNSTEADY }, others: ELSEWHERE });
  t.like(outcome, { passed: 3, failed: 0, problems: { length: 0 } });
  t.regex(outcome.shown, /once more, alone: services\/planted\/test\/unsteady\.test\.ts/);
  t.regex(outcome.shown.slice(outcome.shown.indexOf('Passed only at the second')), /✗ .*unsteady\n.*too slow/s);
  t.regex(outcome.shown, /3 tests passed, 1 of them only at the second attempt/);
});

test('a test that fails twice has failed, and so has one that fails beside many others', async (t) => {
  const bad = `${AVA}test('bad', (t) => t.fail());\n`;
  const twice = await run(t, { files: { bad, unsteady: UNSTEADY }, others: ELSEWHERE });
  t.like(twice, { passed: 1, failed: 2 });
  const five = [1, 2, 3, 4, 5].map((number) => `test('bad ${number}', (t) => t.fail());\n`);
  const many = await run(t, { files: { bad: `${AVA}${five.join('')}`, unsteady: UNSTEADY }, others: ELSEWHERE });
  t.like(many, { passed: 1, failed: 6 });
  t.notRegex(many.shown, /once more/);
  const byChance = await run(t, { files: {}, others: { ...ELSEWHERE, 'test/chaos/unsteady.test.ts': UNSTEADY } });
  t.like(byChance, { passed: 1, failed: 1 }, 'what it has found may not show again');
});

test('a run without any test has failed', async (t) => {
  const { passed, failed } = await run(t, { files: {} });
  t.deepEqual([passed, failed], [0, 1]);
});

test('a test file without a test has failed', async (t) => {
  const { passed, failed, shown } = await run(t, { files: { a: GOOD, b: AVA } });
  t.deepEqual([passed, failed], [1, 1]);
  t.regex(shown, /No tests found in .*b\.test\.ts/);
});

test('a test that waits for ever is named once its file made no progress for too long', async (t) => {
  const hanging = `${AVA}test('waits', () => new Promise(() => setInterval(() => {}, 500)));\n`;
  const { passed, failed, shown } = await run(t, { files: { a: GOOD, hanging }, args: ['--timeout=15s'] });
  t.deepEqual([passed, failed], [1, 1]);
  t.regex(shown, /✗ .*waits\n.*no new tests completed/s);
});

test('a test file that leaves something open has failed, although its tests passed', async (t) => {
  const leaking = `${AVA}import { createServer } from 'node:net';\n${GOOD.replace(AVA, '')}createServer().listen(0);\n`;
  const outcome = await run(t, { files: { leaking }, args: ['--timeout=15s'] });
  t.is(outcome.passed, 1);
  t.is(outcome.failed, 1);
  t.is(outcome.problems.length, 1);
});

test('a run that takes too long is ended with all its processes, and has failed', async (t) => {
  const busy = `${AVA}import { writeFileSync } from 'node:fs';
test('busy', () => {
  process.on('SIGTERM', () => {});
  writeFileSync('pid', String(process.pid));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;
  const { root, failed, problems } = await run(t, { files: { busy }, timeLimitMs: 20_000 });
  t.is(failed, 1);
  t.regex(problems.join('\n'), /took too long/);
  const worker = Number(await readFile(join(root, 'pid'), 'utf8'));
  await t.notThrowsAsync(endOf(worker));
});

/** Resolves once no process has that id any more; the time-out of the test bounds the wait. */
async function endOf(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await pause(20);
  }
}

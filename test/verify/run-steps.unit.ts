import test from 'ava';
import { checkStep, runSteps, type Step } from './run-steps.ts';

async function run(steps: readonly Step[]): Promise<{ exitCode: number; lines: string[] }> {
  const lines: string[] = [];
  return { exitCode: await runSteps(steps, (line) => lines.push(line)), lines };
}

const good = checkStep('good', async () => []);
const bad = checkStep('bad', async () => ['first problem\nin two lines', 'second problem']);
const broken = checkStep('broken', async () => {
  throw new Error('no such tool');
});
const tests: Step = { name: 'tests', run: async () => ({ passed: 40, failed: 2, problems: [] }) };

test('steps that all pass end with the count and exit code 0', async (t) => {
  const { exitCode, lines } = await run([good, good]);
  t.is(exitCode, 0);
  t.is(lines.at(-1), '2 passed, 0 failed');
});

test('a step with problems counts once, shows every problem, and makes the exit code 1', async (t) => {
  const { exitCode, lines } = await run([good, bad]);
  t.is(exitCode, 1);
  t.is(lines.at(-1), '1 passed, 1 failed');
  t.true(lines.includes('    first problem\n    in two lines'));
  t.true(lines.includes('    second problem'));
});

test('a step that breaks has failed, and the steps after it still run', async (t) => {
  const { exitCode, lines } = await run([broken, good]);
  t.is(exitCode, 1);
  t.is(lines.at(-1), '1 passed, 1 failed');
  t.regex(lines.join('\n'), /The step itself broke: Error: no such tool/);
});

test('tests are counted one by one beside the steps', async (t) => {
  const { exitCode, lines } = await run([good, tests]);
  t.is(exitCode, 1);
  t.is(lines.at(-1), '41 passed, 2 failed');
});

test('a run in which nothing passed is not a success', async (t) => {
  const { exitCode, lines } = await run([]);
  t.is(exitCode, 1);
  t.is(lines.at(-1), '0 passed, 0 failed');
});

test('each step is announced with its place and closed with its time', async (t) => {
  const { lines } = await run([good, bad]);
  t.is(lines[0], '[1/2] good');
  t.regex(lines[1] ?? '', /^ {2}passed in \d+\.\d s$/);
  t.is(lines[2], '[2/2] bad');
  t.regex(lines.at(-2) ?? '', /^ {2}FAILED in \d+\.\d s$/);
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import type { DecisionFigures } from './measure-decisions.ts';

/** In CPU time and in a process of its own, so that other work on the machine and in this process does not matter. */
async function measure(queued: number): Promise<DecisionFigures> {
  const args = ['--expose-gc', join(import.meta.dirname, 'main.ts'), String(queued)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as DecisionFigures;
}

test('with a hundred times as many waiting a decision costs less than three times as much, and each takes at most 220 bytes', async (t) => {
  const [few, many] = [await measure(1_000), await measure(100_000)];
  t.true(few.decisionUs > 0 && many.decisionUs < 3 * few.decisionUs, JSON.stringify([few, many]));
  t.true(many.bytesEach > 0 && many.bytesEach <= 220, JSON.stringify(many));
});

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';

/**
 * Under a minute of faults and the time to start, to come to rest and to look at everything: a server that hung is waited for
 * twice as long as that. Not the three minutes that were meant: with one OpenCode server and six users a run of these came
 * out red more than once (docs/faults.md).
 */
const WITHIN_MS = 210_000;
const SECONDS = '50';

test('nothing is lost, doubled or done by a former owner under a short mix of faults', async (t) => {
  t.timeout(WITHIN_MS + 10_000);
  const seed = String(Math.floor(Math.random() * 1_000_000));
  t.log(`seed ${seed}`);
  const args = ['test/chaos/main.ts', '--json', '--small', '--users', '6', '--seconds', SECONDS, '--seed', seed];
  const run = await promisify(execFile)(process.execPath, args, { timeout: WITHIN_MS }).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  const result = JSON.parse(run.stdout || '{}') as { ok?: boolean };
  t.true(result.ok, `seed ${seed}: ${run.stdout}${run.stderr}`);
});

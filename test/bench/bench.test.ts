import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const MAIN = join(import.meta.dirname, 'main.ts');

test('a short run says in one line of JSON what it measured, without an error', async (t) => {
  t.timeout(180_000);
  const args = [MAIN, '--workload', 'w1', '--mode', 'standalone', '--seconds', '2', '--clients', '8', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const lines = stdout.trim().split('\n');
  t.is(lines.length, 1);
  const result = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  t.like(result, { workload: 'w1', mode: 'standalone', clients: 8, errors: 0, firstError: null });
  for (const name of ['seconds', 'ops', 'opsPerSec', 'p50Ms', 'p95Ms', 'p99Ms', 'cpuSecPer1000', 'rssMb']) {
    t.true(Number(result[name]) > 0, name);
  }
});

test('options that are not understood are refused with the usage', async (t) => {
  const failure = await t.throwsAsync(promisify(execFile)(process.execPath, [MAIN, '--workload', 'w9']));
  t.like(failure, { code: 64 });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { memoryBytes } from '../../src/managed-server/process-memory.ts';

const MEBIBYTE = 2 ** 20;

test('a fork that holds the memory of its parent takes it once, not twice', async (t) => {
  // The inner shell is a fork: it holds all that the outer one had read, and has written none of it.
  const script = 'held=$(head -c 60000000 /dev/zero | tr "\\0" x); (sleep 97.3; :) & echo $!; wait';
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const pid = shell.pid ?? 0;
  t.teardown(() => process.kill(-pid, 'SIGKILL'));
  const [line] = (await once(createInterface({ input: shell.stdout }), 'line')) as [string];
  const fork = Number(line);
  const [resident, shared] = [await residentBytes(pid), await residentBytes(fork)];
  t.true(shared > 50 * MEBIBYTE, `the fork shares ${shared} bytes`);
  const together = await memoryBytes([pid, fork]);
  t.true(together > 0.9 * resident && together < 1.1 * resident, `${together} bytes of ${resident} and ${shared}`);
});

test('where a system does not tell what is shared, what is resident counts; of what is gone nothing', async (t) => {
  const proc = await mkdtemp(join(tmpdir(), 'oio-proc-'));
  t.teardown(() => rm(proc, { recursive: true }));
  await mkdir(join(proc, '7'));
  await writeFile(join(proc, '7', 'status'), 'Name:\tsleep\nVmRSS:\t    1200 kB\n');
  t.is(await memoryBytes([7, 8], proc), 1_200 * 1_024);
  await writeFile(
    join(proc, '7', 'smaps_rollup'),
    '00400000-7fff r--p [rollup]\nRss:  1200 kB\nPss:  700 kB\nPss_Dirty: 9 kB\n',
  );
  t.is(await memoryBytes([7, 8], proc), 700 * 1_024);
  t.is(await memoryBytes([]), 0);
});

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
}

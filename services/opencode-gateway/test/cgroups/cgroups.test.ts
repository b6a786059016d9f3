import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test, { type ExecutionContext } from 'ava';
import { type CgroupLimits, openCgroup } from '../../src/cgroups/cgroup.ts';
import { cgroupsAt, enteringCommand, findCgroups } from '../../src/cgroups/find-cgroups.ts';
import { findProcess } from '../../src/managed-server/process-table.ts';

const machine = await findCgroups(null);

/** On a machine that cannot enforce a limit it must say why: the test of the limit is a test of that then. */
const enforced = (limit: keyof CgroupLimits, title: string, proof: (t: ExecutionContext) => Promise<void>) =>
  machine.obstacles[limit] === null
    ? test(title, proof)
    : test(`${limit} cannot be enforced on this machine, and it is said why`, (t) => {
        t.regex(machine.obstacles[limit] ?? '', /cgroup|Linux/);
        t.throws(() => machine.open(`oio-test-${newId()}`, { cpuLimit: 1, memoryLimitMb: 64 }));
      });

enforced('memoryLimitMb', 'what wants more memory than its cgroup has is killed, and that is counted', async (t) => {
  const cgroup = machine.open(`oio-test-${newId()}`, { cpuLimit: null, memoryLimitMb: 100 });
  const greedy = 'const kept = []; for (;;) kept.push(Buffer.alloc(1_000_000, 1));';
  const child = run(cgroup.entrances, [process.execPath, '-e', greedy]);
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  t.is(signal, 'SIGKILL');
  const { memoryKills, peakBytes } = cgroup.usage();
  t.true(memoryKills > 0);
  t.true(peakBytes > 90 * 2 ** 20 && peakBytes <= 100 * 2 ** 20, `${peakBytes}`);
  await cgroup.end();
});

enforced('cpuLimit', 'a cgroup gets no more CPU time than its share', async (t) => {
  const cgroup = machine.open(`oio-test-${newId()}`, { cpuLimit: 0.2, memoryLimitMb: null });
  const child = run(cgroup.entrances, [process.execPath, '-e', 'for (;;);']);
  const ended = once(child, 'exit');
  const sinceMs = performance.now();
  await eventually(() => (cgroup.usage().cpuSeconds ?? 0) > 0.4, { what: 'CPU time', withinMs: 60_000 });
  const share = (cgroup.usage().cpuSeconds ?? 0) / ((performance.now() - sinceMs) / 1_000);
  t.true(share < 0.3, `${share} cores`);
  await cgroup.end();
  t.deepEqual(await ended, [null, 'SIGKILL'], 'it ended with its cgroup');
});

enforced(
  'memoryLimitMb',
  'the end of a cgroup ends also what left its parent, its group and its session',
  async (t) => {
    const cgroup = machine.open(`oio-test-${newId()}`, { cpuLimit: null, memoryLimitMb: 200 });
    const child = run(cgroup.entrances, ['/bin/sh', '-c', 'setsid sleep 600 & echo $!'], 'pipe');
    const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    const pid = Number(said.toString());
    t.not(findProcess(pid), null);
    await cgroup.end();
    t.is(findProcess(pid), null);
    t.deepEqual(
      cgroup.entrances.filter((path) => existsSync(dirname(path))),
      [],
      'nothing is left of the cgroup',
    );
  },
);

test('limits of version 2 are written as the kernel wants them', async (t) => {
  await using directory = await temporaryDirectory();
  const base = await unifiedTree(directory.path, ['memory.max', 'memory.swap.max', 'memory.oom.group', 'cpu.max']);
  const path = join(base, 'one');
  const own = { version: 2, path } as const;
  openCgroup({ memory: own, cpu: own, cpuacct: own }, { cpuLimit: 1.5, memoryLimitMb: 512 });
  t.is(await readFile(join(path, 'memory.max'), 'utf8'), String(512 * 2 ** 20));
  t.is(await readFile(join(path, 'memory.swap.max'), 'utf8'), '0');
  t.is(await readFile(join(path, 'memory.oom.group'), 'utf8'), '1');
  t.is(await readFile(join(path, 'cpu.max'), 'utf8'), '150000 100000');
});

test('what version 2 counts is read', async (t) => {
  await using directory = await temporaryDirectory();
  const base = await unifiedTree(directory.path, []);
  const own = { version: 2, path: join(base, 'one') } as const;
  const cgroup = openCgroup({ memory: own, cpu: null, cpuacct: own }, { cpuLimit: null, memoryLimitMb: null });
  await writeFile(join(own.path, 'memory.current'), '1000\n');
  await writeFile(join(own.path, 'memory.peak'), '5000\n');
  await writeFile(join(own.path, 'memory.events'), 'low 0\noom 3\noom_kill 2\noom_group_kill 1\n');
  await writeFile(join(own.path, 'cpu.stat'), 'usage_usec 1500000\nuser_usec 1\n');
  t.deepEqual(cgroup.usage(), { memoryBytes: 1000, peakBytes: 5000, memoryKills: 2, cpuSeconds: 1.5 });
});

test('a cgroup of version 2 that holds processes itself cannot be divided, and it is said', async (t) => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'cgroup.controllers'), 'cpu memory\n');
  const mountInfo = `30 24 0:26 / ${directory.path} rw - cgroup2 cgroup2 rw`;
  const { obstacles } = await cgroupsAt({ path: null, mountInfo, ownCgroups: '0::/' });
  t.regex(obstacles.memoryLimitMb ?? '', /cannot be divided/);
  t.regex(obstacles.cpuLimit ?? '', /cannot be divided/);
});

test('without cgroups there is an obstacle', async (t) => {
  const { obstacles, open } = await cgroupsAt({ path: null, mountInfo: '', ownCgroups: '' });
  t.is(obstacles.memoryLimitMb, 'no cgroups are mounted');
  t.throws(() => open('x', { cpuLimit: 1, memoryLimitMb: null }));
});

test('a program without cgroups to enter is started as it is', (t) => {
  t.deepEqual(enteringCommand([], ['opencode', 'serve']), ['opencode', 'serve']);
});

function run(entrances: readonly string[], command: readonly string[], stdout: 'ignore' | 'pipe' = 'ignore') {
  const [program = '', ...args] = enteringCommand(entrances, command);
  return spawn(program, args, { stdio: ['ignore', stdout, 'ignore'] });
}

/** A directory that looks like a tree of version 2, with the files that a cgroup "one" in it has. */
async function unifiedTree(path: string, files: readonly string[]): Promise<string> {
  await mkdir(join(path, 'one'));
  for (const name of files) await writeFile(join(path, 'one', name), '');
  return path;
}

async function temporaryDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'oio-cgroup-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

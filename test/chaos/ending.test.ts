import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killWithThisProcess } from '@oio/backing-servers';
import { eventually, nodeEnvironment } from '@oio/runtime/testing';
import test from 'ava';

const CASES = [
  { signal: 'SIGINT', when: 'while PostgreSQL is being made', program: 'chaos', args: ['--small'], says: 'seed ' },
  {
    signal: 'SIGTERM',
    when: 'under a fault',
    program: 'chaos',
    args: ['--small', '--faults', 'freeze-owner'],
    says: '+ ',
  },
  {
    signal: 'SIGTERM',
    when: 'in a bench',
    program: 'bench',
    args: ['--workload', 'w1'],
    says: 'starting the services',
  },
] as const;

for (const { signal, when, program, args, says } of CASES)
  test.serial(`${signal} ${when} ends the run within ten seconds and leaves no process and no file`, async (t) => {
    t.timeout(120_000);
    await using place = await placeOfItsOwn();
    const run = spawn(process.execPath, [`test/${program}/main.ts`, ...args], {
      env: { ...nodeEnvironment(), HOME: place.directory, TMPDIR: place.directory },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    killWithThisProcess(run);
    const ended = once(run, 'exit');
    await said(run, says);
    const from = performance.now();
    // Whoever tells npm and its children, or presses Ctrl-C again, sends it twice.
    for (let times = 0; times < 2; times += 1) run.kill(signal);
    await ended;
    await eventually(async () => (await place.left()).length === 0, { withinMs: 9_000, what: 'nothing to be left' });
    t.true(performance.now() - from < 10_000);
  });

async function said({ stderr }: ChildProcess, text: string): Promise<void> {
  let all = '';
  for await (const chunk of stderr ?? []) {
    all += String(chunk);
    if (all.includes(text)) return;
  }
  throw new Error(`It ended without saying "${text}". It said:\n${all}`);
}

/** A directory for all files, by whose name everything that was started with it is found. */
async function placeOfItsOwn() {
  const directory = await mkdtemp(join(tmpdir(), 'oio-ending-'));
  return {
    directory,
    async left(): Promise<string[]> {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      const found = await Promise.all(
        pids.map(async (pid) => ((await isFrom(pid, directory)) ? [`process ${pid}`] : [])),
      );
      return [...found.flat(), ...(await readdir(directory))];
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

async function isFrom(pid: string, directory: string): Promise<boolean> {
  const texts = ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => ''));
  return (await Promise.all(texts)).some((text) => text.includes(directory));
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

export interface DemoProcess {
  readonly child: ChildProcess;
  /** What it has written so far, on both outputs. */
  output(): string;
  /** Resolves with the exit code, -1 after a signal, when it has ended and all of its output is there. */
  readonly ended: Promise<number>;
  /** Where it makes its temporary directory: nothing else is in there. */
  readonly temporary: string;
}

/** The demo as a process of its own, with a temporary directory of its own; the path has a blank in it. */
export async function runDemoProcess(
  t: ExecutionContext,
  entry: string,
  args: readonly string[] = [],
): Promise<DemoProcess> {
  const temporary = await realpath(await mkdtemp(join(tmpdir(), 'oio demo test-')));
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: temporary,
    env: { ...environment(), TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<number>((resolve) => void child.on('close', (code) => resolve(code ?? -1)));
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
    for (const id of await processesOf(temporary)) process.kill(Number(id), 'SIGKILL');
    await rm(temporary, { recursive: true, force: true });
  });
  return { child, ended, temporary, output: () => text };
}

/** A demo inside of a test run must not think that it is a test itself, or draw colours because the runner may. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !['NODE_TEST_CONTEXT', 'FORCE_COLOR'].includes(name));
  return Object.fromEntries(entries);
}

/** What is left of a demo: files in its temporary directory, and processes that were started for something in it. */
export async function leftovers({ temporary }: DemoProcess): Promise<string[]> {
  const processes = await processesOf(temporary);
  return [...(await readdir(temporary)), ...processes.map((id) => `process ${id}`)];
}

async function processesOf(directory: string): Promise<string[]> {
  const ids = await processIds();
  const theirs = await Promise.all(ids.map((id) => belongsTo(id, directory)));
  return ids.filter((_, index) => theirs[index]);
}

async function processIds(): Promise<string[]> {
  // Linux only; elsewhere the files have to do.
  const names = await readdir('/proc').catch(() => []);
  return names.filter((name) => /^\d+$/.test(name));
}

async function belongsTo(id: string, directory: string): Promise<boolean> {
  if (Number(id) === process.pid) return false;
  const read = (name: string) => readFile(join('/proc', id, name), 'utf8').catch(() => '');
  const [command, variables, cwd] = await Promise.all([
    read('cmdline'),
    read('environ'),
    realpath(join('/proc', id, 'cwd')).catch(() => ''),
  ]);
  return `${command}\0${variables}\0${cwd}`.includes(directory);
}

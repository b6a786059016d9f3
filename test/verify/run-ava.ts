import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { exitOf, toolEnvironment, toolPath } from './run-command.ts';
import { TapReader, type TapSummary, type TapTest } from './tap.ts';

/** How long the tests may take to stop what they started, once they are told to end. */
const GRACE_MS = 5_000;

export interface AvaOptions {
  readonly root: string;
  readonly timeLimitMs: number;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly onTest: (test: TapTest) => void;
}

export interface AvaEnd {
  readonly exitCode: number;
  readonly ranOutOfTime: boolean;
  /** AVA's own closing count, unless it never came to its end. */
  readonly summary: TapSummary | undefined;
}

/** Runs AVA once and tells each test as it ends. When the time is up it is ended with all its workers. */
export async function runAva({ root, timeLimitMs, args, environment, onTest }: AvaOptions): Promise<AvaEnd> {
  const reader = new TapReader(onTest);
  // Its own process group, so that a run that hangs can be ended together with all its workers.
  const ava = spawn(toolPath('ava'), ['--tap', ...args], {
    cwd: root,
    env: { ...toolEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = exitOf(ava);
  const limit = endAfter(ava, timeLimitMs);
  const release = endWithThisProcess(ava);
  try {
    for await (const line of createInterface({ input: ava.stdout })) reader.read(line);
    const exitCode = await exited;
    return { exitCode, ranOutOfTime: limit.ranOut(), summary: reader.end() };
  } finally {
    limit.cancel();
    release();
    signalGroup(ava, 'SIGKILL');
  }
}

/** Ends the whole group when the time is up: first politely, then for good. */
function endAfter(ava: ChildProcess, limitMs: number): { cancel(): void; ranOut(): boolean } {
  const timeUp = AbortSignal.timeout(limitMs);
  const graceOver = AbortSignal.timeout(limitMs + GRACE_MS);
  const end = (): void => signalGroup(ava, 'SIGTERM');
  const kill = (): void => signalGroup(ava, 'SIGKILL');
  timeUp.addEventListener('abort', end);
  graceOver.addEventListener('abort', kill);
  return {
    cancel() {
      timeUp.removeEventListener('abort', end);
      graceOver.removeEventListener('abort', kill);
    },
    ranOut: () => timeUp.aborted,
  };
}

/** Ctrl-C and a stop from outside reach the tests too, although they are a process group of their own. */
function endWithThisProcess(ava: ChildProcess): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const pass = (signal: NodeJS.Signals): void => signalGroup(ava, signal);
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}

function signalGroup(ava: ChildProcess, signal: NodeJS.Signals): void {
  if (ava.pid === undefined) return;
  try {
    process.kill(-ava.pid, signal);
  } catch {
    // The group is gone already: nothing left to end.
  }
}

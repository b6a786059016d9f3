import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** What is started, and under which name it is shown. */
export interface ProcessPlan {
  /** `session-actor.2` */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long it may take to stop, in milliseconds, before it is killed. */
  readonly stopWithinMs: number;
  /** Whether it would end in the same way again: then it is not started again. */
  readonly isFinal?: (exitCode: number) => boolean;
}

export interface Supervision {
  readonly onLine: (line: string) => void;
  /** Told whenever it ended by itself, with what happens next. */
  readonly onEnded: (news: { readonly how: string; readonly againInMs: number | null }) => void;
}

export interface SupervisedProcess extends AsyncDisposable {
  readonly name: string;
  /** Of the one that runs just now; undefined between two of them. */
  readonly pid: number | undefined;
  /** Resolves with the exit code when it has ended and is not started again. */
  readonly givenUp: Promise<number>;
}

/** A process that ran for this long has got over whatever ended the one before it. */
const STEADY_MS = 30_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** Starts the process and starts it again, after growing pauses, whenever it dies; until it is disposed of. */
export function superviseProcess(plan: ProcessPlan, { onLine, onEnded }: Supervision): SupervisedProcess {
  const stopping = new AbortController();
  const givenUp = Promise.withResolvers<number>();
  let child: ChildProcess | undefined;

  const run = async (): Promise<void> => {
    for (let pauseMs = FIRST_PAUSE_MS; ; ) {
      const startedAtMs = performance.now();
      child = launch(plan, onLine);
      const { exitCode, how } = await endOf(child);
      if (stopping.signal.aborted) return;
      const isFinal = plan.isFinal?.(exitCode) ?? false;
      if (performance.now() - startedAtMs > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
      onEnded({ how, againInMs: isFinal ? null : pauseMs });
      if (isFinal) return givenUp.resolve(exitCode);
      await delay(pauseMs, undefined, { signal: stopping.signal });
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  };
  // Ends by the signal only.
  const running = run().catch(() => {});

  return {
    name: plan.name,
    get pid() {
      return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
    },
    givenUp: givenUp.promise,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      if (child) await stop(child, plan.stopWithinMs);
      await running;
    },
  };
}

/** In a process group of its own: Ctrl-C reaches us alone, and we say in which order things stop. */
function launch({ command, args, environment }: ProcessPlan, onLine: (line: string) => void): ChildProcess {
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', onLine);
    stream.on('error', () => {});
  }
  endWithThisProcess(child);
  return child;
}

/** A shell waits for the end of a pipe that only this process holds open: however that dies, the child is told to stop. */
function endWithThisProcess(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const watcher = spawn('sh', ['-c', 'read -r _; kill -TERM "$1"', 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  watcher.stdin.on('error', () => {});
  // The id of a process that ended may soon be somebody else's.
  child.once('exit', () => watcher.kill('SIGKILL'));
}

async function endOf(child: ChildProcess): Promise<{ readonly exitCode: number; readonly how: string }> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { exitCode: code ?? -1, how: code === null ? `was ended by ${signal}` : `ended with exit code ${code}` };
  } catch (error) {
    return { exitCode: -1, how: `could not be started: ${(error as Error).message}` };
  }
}

async function stop(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
  await closed.finally(() => clearTimeout(late));
}

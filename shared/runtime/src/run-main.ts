import { once } from 'node:events';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { isFinalExit, StartupError } from '@oio/errors';
import { withoutSecrets } from './secrets.ts';

/** How long a process may take to stop, in milliseconds, before it is ended by force. */
const STOP_WITHIN_MS = 25_000;
/** A signal again within this time is the same key press, which the terminal sends to everyone and npm passes on. */
const SAME_KEY_PRESS_MS = 500;
/** EX_SOFTWARE of sysexits(3): a bug. */
const BUG = 70;

/** What a process does until it is stopped. */
export interface Running extends AsyncDisposable {
  /** Rejects when it cannot go on: it is disposed of then, and the process ends with what this says. */
  readonly failed?: Promise<never>;
}

interface MainOptions {
  /** How long a stop may take, in milliseconds; 25,000 by default. */
  readonly stopWithinMs?: number;
  /** Whether a process that is refused stays, doing nothing, until a signal comes. */
  readonly waitsWhenRefused?: boolean;
}

/**
 * The few lines that every main.ts has in common: start, run until a signal comes, stop. What it cannot start for, or go on
 * for, is told in words with its exit code; a bug, wherever it is thrown, with its stack and exit code 70. A second signal
 * ends the process at once, and so does a stop that takes longer than `stopWithinMs`. `stopping` aborts
 * with the first signal: a start that waits for something gives up by throwing its reason, which is no failure.
 *
 * With `waitsWhenRefused` a process that would end in the same way again (`isFinalExit`) says why, and ends with its exit code only
 * when it is told to: for whoever starts again all that ends.
 */
export async function runMain(
  start: (stopping: AbortSignal) => Promise<Running>,
  { stopWithinMs = STOP_WITHIN_MS, waitsWhenRefused = false }: MainOptions = {},
): Promise<void> {
  process.on('uncaughtException', exitWith);
  // That nobody reads the output any more is no reason to stop working.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  const stop = new AbortController();
  onFirstSignal(() => {
    setTimeout(() => endByForce(stopWithinMs), stopWithinMs);
    stop.abort();
  });
  try {
    await run(await start(stop.signal), { stopping: stop.signal, stopWithinMs });
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) process.exit(0);
    if (waitsWhenRefused) await stayIfRefused(error, stop.signal);
    exitWith(error);
  }
  process.exit(0);
}

async function run(
  running: Running,
  { stopping, stopWithinMs }: { readonly stopping: AbortSignal; readonly stopWithinMs: number },
): Promise<void> {
  const failure = await endOf(running, stopping);
  const force = failure && setTimeout(() => endByForce(stopWithinMs), stopWithinMs);
  await running[Symbol.asyncDispose]();
  if (force) clearTimeout(force);
  if (failure) throw failure.error;
}

/** Does not return for what would end in the same way again. */
async function stayIfRefused(error: unknown, stopping: AbortSignal): Promise<void> {
  if (!(error instanceof StartupError) || !isFinalExit(error.exitCode) || stopping.aborted) return;
  tell(error);
  process.stderr.write(`${WAITS} ${error.exitCode}.\n`);
  // A promise alone would not keep the process.
  const awake = setInterval(() => {}, LONGEST_TIMER_MS);
  await once(stopping, 'abort');
  clearInterval(awake);
  process.exit(error.exitCode);
}

const WAITS =
  'It is not tried again. Mend that and start it anew; this process waits to be stopped, and ends with exit code';
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function onFirstSignal(onStop: () => void): void {
  let askedAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      onStop();
    } else if (performance.now() - askedAtMs > SAME_KEY_PRESS_MS) {
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
}

/** Why it cannot go on; null when it was asked to stop. */
async function endOf({ failed }: Running, stopping: AbortSignal): Promise<{ readonly error: unknown } | null> {
  const { promise: asked, resolve } = Promise.withResolvers<null>();
  stopping.addEventListener('abort', () => resolve(null));
  if (stopping.aborted) resolve(null);
  return Promise.race([asked, ...(failed ? [failed.catch((error: unknown) => ({ error }))] : [])]);
}

function endByForce(stopWithinMs: number): never {
  process.stderr.write(`Did not stop within ${stopWithinMs / 1_000} s; ended by force.\n`);
  process.exit(BUG);
}

function exitWith(error: unknown): never {
  tell(error);
  process.exit(error instanceof StartupError ? error.exitCode : BUG);
}

function tell(error: unknown): void {
  process.stderr.write(`${withoutSecrets(error instanceof StartupError ? error.message : inspect(error))}\n`);
}

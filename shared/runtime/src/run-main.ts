import { constants } from 'node:os';
import { inspect } from 'node:util';
import { StartupError } from '@oio/errors';
import { withoutSecrets } from './secrets.ts';

/** How long a process may take to stop, in milliseconds, before it is ended by force. */
const STOP_WITHIN_MS = 25_000;
/** A signal again within this time is the same key press, which the terminal sends to everyone and npm passes on. */
const SAME_KEY_PRESS_MS = 500;
/** EX_SOFTWARE of sysexits(3): a bug. */
const BUG = 70;

/**
 * The few lines that every main.ts has in common: start, run until a signal comes, stop. What it cannot start for is
 * told in words with its exit code; a bug, wherever it is thrown, with its stack and exit code 70. A second signal ends
 * the process at once, and so does a stop that takes longer than `stopWithinMs` (default 25,000).
 */
export async function runMain(
  start: () => Promise<AsyncDisposable>,
  { stopWithinMs = STOP_WITHIN_MS }: { readonly stopWithinMs?: number } = {},
): Promise<void> {
  process.on('uncaughtException', exitWith);
  // That nobody reads the output any more is no reason to stop working.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  const stopAsked = firstSignal(stopWithinMs);
  try {
    const running = await start();
    await stopAsked;
    await running[Symbol.asyncDispose]();
  } catch (error) {
    exitWith(error);
  }
  process.exit(0);
}

/** The first signal to stop; from then on the process ends in time, one way or the other. */
function firstSignal(stopWithinMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let askedAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      setTimeout(() => endByForce(stopWithinMs), stopWithinMs);
      resolve();
    } else if (performance.now() - askedAtMs > SAME_KEY_PRESS_MS) {
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return promise;
}

function endByForce(stopWithinMs: number): never {
  process.stderr.write(`Did not stop within ${stopWithinMs / 1_000} s; ended by force.\n`);
  process.exit(BUG);
}

function exitWith(error: unknown): never {
  const isExpected = error instanceof StartupError;
  process.stderr.write(`${withoutSecrets(isExpected ? error.message : inspect(error))}\n`);
  process.exit(isExpected ? error.exitCode : BUG);
}

import { StartupError } from '@oio/errors';

/** How long a process may take to stop, in milliseconds, before it is ended by force. */
const STOP_WITHIN_MS = 25_000;

/**
 * The few lines that every main.ts has in common: start, run until a signal comes, stop. What it cannot start for is
 * told in words with its exit code; a bug with its stack.
 */
export async function runMain(start: () => Promise<AsyncDisposable>): Promise<void> {
  const stopSignal = nextSignal();
  let running: AsyncDisposable | undefined;
  try {
    running = await start();
    await stopSignal;
    await stopWithin(running, STOP_WITHIN_MS);
    process.exit(0);
  } catch (error) {
    process.stderr.write(
      error instanceof StartupError
        ? `${error.message}\n`
        : `${error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exit(error instanceof StartupError ? error.exitCode : 70);
  }
}

/** The first SIGINT or SIGTERM; a second one ends the process at once. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

async function stopWithin(running: AsyncDisposable, ms: number): Promise<void> {
  const timer = setTimeout(() => {
    process.stderr.write(`Did not stop within ${ms / 1_000} s; ended by force.\n`);
    process.exit(70);
  }, ms);
  await running[Symbol.asyncDispose]();
  clearTimeout(timer);
}

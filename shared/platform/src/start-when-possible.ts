import { setTimeout as pause } from 'node:timers/promises';
import { AppError, EXIT_CODE, StartupError } from '@oio/errors';
import type { WaitParts } from './announce-wait.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Starts a service, and again when something that it needs went away in the middle of it. Throws `StartupError` when it is
 * refused something and would be again.
 */
export async function startWhenPossible<T>(
  start: () => Promise<T>,
  { logger, readiness, stopping }: WaitParts,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    stopping.throwIfAborted();
    try {
      const started = await start();
      readiness.waitFor(null);
      return started;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (!error.retryable) throw refused(error);
      logger.warn({ err: error, pauseMs }, 'start broken off, tried again');
      readiness.waitFor(`The start was broken off and is tried again: ${error.message}`);
    }
    await pause(pauseMs, undefined, { signal: stopping }).catch(() => {});
  }
}

function refused(error: AppError): StartupError {
  return new StartupError(`The service cannot start: ${error.message}`, EXIT_CODE.config, { cause: error });
}

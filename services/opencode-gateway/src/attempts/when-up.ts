import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@oio/errors';
import type { AgentServer } from '../ports.ts';
import type { ServerLink } from '../server-link.ts';

const PAUSE_MS = 500;
/** A server that asks to be left alone for longer is asked again all the same. */
const LONGEST_PAUSE_MS = 60_000;

export interface WhenUpOptions {
  readonly signal: AbortSignal;
  /** Told of each failure before the server is waited for. */
  readonly onTrouble: (error: AppError) => Promise<void>;
}

/**
 * Does something that can be repeated on the server, again and again while that is down or fails. Throws what trying again
 * does not help, and the signal's reason.
 */
export async function whenUp<T>(
  link: ServerLink,
  task: (agent: AgentServer) => Promise<T>,
  { signal, onTrouble }: WhenUpOptions,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    let pauseMs = PAUSE_MS;
    try {
      return await task(link.agent());
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) throw error;
      await onTrouble(error);
      if (error.code === 'rate_limited')
        pauseMs = Math.min(Math.max(PAUSE_MS, error.retryAfterMs ?? 0), LONGEST_PAUSE_MS);
    }
    await link.waitUntilUp(signal);
    await delay(pauseMs, undefined, { signal });
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '@oio/errors';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** The pause before try number `attempt` (0, 1, 2 …), in milliseconds: doubling, with jitter, and not before the server wants it. */
export function pauseMs(attempt: number, error: unknown): number {
  const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  const wanted = error instanceof AppError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(wanted, ceiling * (0.5 + Math.random() / 2));
}

/** Tries again while the server is unavailable, for `withinMs` at most; then throws what came last. */
export async function retrying<T>(work: () => Promise<T>, withinMs: number, signal?: AbortSignal): Promise<T> {
  const until = performance.now() + withinMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const wait = pauseMs(attempt, error);
      if (!(error instanceof AppError && error.retryable) || performance.now() + wait > until) throw error;
      await pause(wait, undefined, { ...(signal && { signal }) });
    }
  }
}

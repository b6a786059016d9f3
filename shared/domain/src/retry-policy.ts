import type { SessionSnapshot } from './snapshot.ts';

const RECOVERABLE = new Set(['failed', 'timeout', 'stopped']);

/** The first pause before an automatic retry, the factor from one to the next, and the longest, in milliseconds. */
export const RETRY_BACKOFF = { firstMs: 2_000, factor: 2, longestMs: 60_000 } as const;

/** Whether `retry` may start a new attempt from the latest checkpoint. Source: the domain specification, section 3.2. */
export function isRecoverable(snapshot: SessionSnapshot): boolean {
  return RECOVERABLE.has(snapshot.status) && snapshot.deletedAt === null && mayRetry(snapshot);
}

/** Whether an attempt of it could be followed by another one, if it failed now. */
export function mayRetry(snapshot: SessionSnapshot): boolean {
  return snapshot.checkpoints.count > 0 && snapshot.retries < snapshot.policy.maxRetries;
}

/** Exponential back-off with jitter of ±20 %, in milliseconds. `random` is in [0, 1). */
export function retryDelayMs(retries: number, random: number): number {
  const base = Math.min(RETRY_BACKOFF.longestMs, RETRY_BACKOFF.firstMs * RETRY_BACKOFF.factor ** retries);
  return Math.round(base * (0.8 + 0.4 * random));
}

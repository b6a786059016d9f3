import { AppError } from '@oio/errors';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
/** How often an event is tried on a handler with a bug: 16 seconds in all. */
const MOST_DELIVERIES = 10;

/**
 * What becomes of an event whose handler threw: the pause before it comes again, in milliseconds, or null when it is
 * parked, so that it does not hold up the later ones for ever. What may pass (unavailable, time-out) is tried without
 * end; what retrying never helps is parked at once; a bug gets some tries, because much that passes looks like one.
 */
export function redeliveryPauseMs(error: unknown, deliveries: number): number | null {
  const isKnown = error instanceof AppError;
  if (isKnown && !error.retryable) return null;
  if (!isKnown && deliveries >= MOST_DELIVERIES) return null;
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (deliveries - 1));
}

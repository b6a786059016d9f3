import { compareWaiting, type WaitingSession } from './waiting-session.ts';

/** A place in the order of the database; null: its start, or its end. */
export type Place = WaitingSession | null;

/**
 * Up to where all that wait are known, once everything after `after` up to `last` was read as well. undefined: nothing is known yet,
 * and what was read is of no use as long as the start was not.
 */
export function extended(
  horizon: Place | undefined,
  { after, last }: { readonly after: Place; readonly last: Place },
): Place | undefined {
  if (horizon === null) return null;
  if (horizon === undefined) return after ? undefined : last;
  if (after && compareWaiting(after, horizon) > 0) return horizon;
  return !last || compareWaiting(last, horizon) > 0 ? last : horizon;
}

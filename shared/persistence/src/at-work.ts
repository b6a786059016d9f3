/** The statuses of a session that works, as an SQL list. */
export const WORKING_STATUSES = `('running', 'degraded')`;

/**
 * Whether a row of `sessions` is one that works, as an SQL condition. Such a session always has a timer (its longest duration):
 * by the partial index on that the few are found among all.
 */
export function isAtWork(alias: string): string {
  return `(${alias}.timer_at is not null and ${alias}.status in ${WORKING_STATUSES})`;
}

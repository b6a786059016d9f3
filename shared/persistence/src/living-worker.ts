/** The key of the advisory lock that a worker holds as long as its process lives, as an SQL expression. */
export function workerLockKey(incarnation: string): string {
  return `hashtextextended(${incarnation}::text, 0)`;
}

/**
 * Whether a row of `workers` is a living worker, as an SQL condition: its lease runs, and the lock that it says it holds is
 * held. The lock falls free the moment its process dies; the lease tells of one that hangs. Both may be wrong: what
 * protects a session is its epoch.
 */
export function isLivingWorker(alias: string): string {
  const { leased, abandoned } = workerSigns(alias);
  return `(${leased} and not ${abandoned})`;
}

/** The two signs apart. The shared lock is let go with the end of the statement. */
export function workerSigns(alias: string): { readonly leased: string; readonly abandoned: string } {
  return {
    leased: `${alias}.lease_until > clock_timestamp()`,
    abandoned: `(${alias}.locked and pg_try_advisory_xact_lock_shared(${workerLockKey(`${alias}.incarnation`)}))`,
  };
}

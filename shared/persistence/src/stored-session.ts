/**
 * SQL: the columns `birth` and `state` of a row of `sessions`, from which the domain's `readSnapshot` makes the snapshot.
 * `birth` is what the first event of the session tells, read through the key of that table; null when it is missing.
 */
export function storedSession(session: string): string {
  const birth = `select first.data from session_events first where first.session_id = ${session}.id and first.seq = 1`;
  return `(${birth}) as birth, ${session}.state as state`;
}

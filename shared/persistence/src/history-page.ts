/**
 * The common table expression `page`: so many names of events (`session_id`, `seq`) in the order of the history, behind the place of
 * `$1` (transaction) and `$2` (position). `xid < pg_snapshot_xmin(…)`: all transactions before that one have ended, so nothing can be
 * committed between what is read and what was read before. Not to be prepared: a plan from the time when the table was small reads all of it.
 */
export const historyPage = (limit: number): string => `
page as materialized (
  select xid, position, session_id, seq from session_events
  where (xid, position) > ($1::xid8, $2::bigint) and xid < pg_snapshot_xmin(pg_current_snapshot())
  order by xid, position limit ${limit}
)`;

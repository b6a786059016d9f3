import type { StoredSessionEvent } from '@oio/contracts';
import { readSnapshot, type StoredSession, unreadableSession } from '@oio/domain';
import { type Database, readableJson, storedSession, instant } from '@oio/persistence';
import type { HistoryPlace, SessionHistory, StatusCount } from '../ports.ts';

const BETWEEN = `
select e.session_id as "sessionId", s.tenant, e.seq::int as seq, e.command_id as "commandId", e.epoch::int as epoch, e.cause,
  ${instant('e.at')} as at, e.type, e.data
from session_events e join sessions s on s.id = e.session_id
where e.session_id = $1::uuid and e.seq > $2 and e.seq < $3
order by e.seq`;

const PAGE = 2_000;
const BEGINNING: HistoryPlace = { xid: '0', position: '0' };

/**
 * `xid < pg_snapshot_xmin(…)`: all transactions before that one have ended, so nothing can be committed between what is
 * read and what was read before. Texts, results and places are left in the database: they are most of it and not counted.
 * `offset 0` has the data looked at once: without it the planner puts the expression wherever its name stands, which took
 * twice as long.
 */
const IN_ORDER = `
select e.xid::text as xid, e.position::text as position, session_id as "sessionId", (select tenant from sessions where id = session_id) as tenant, seq::int as seq,
  command_id as "commandId", epoch::int as epoch, cause, ${instant('at')} as at, type,
  case
    when readable is null then null
    when type = 'session.created' then json_build_object('session', json_build_object('type', readable #> '{session,type}', 'priority', readable #> '{session,priority}'))
    when type = 'session.checkpoint-made' then json_build_object('checkpoint', json_build_object('origin', readable #> '{checkpoint,origin}'))
    else (
      select json_strip_nulls(to_json(counted))
      from json_to_record(readable) as counted ("from" json, "to" json, priority json, failure json, step json, calls json)
    )
  end as data
from session_events e, lateral (select ${readableJson('data')} as readable offset 0) as guarded
where (e.xid, e.position) > ($1::xid8, $2::bigint) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
order by e.xid, e.position limit ${PAGE}`;

const COUNT = `
select (extract(epoch from now()) * 1000)::float8 as "atMs",
  (select coalesce(jsonb_object_agg(status, n), '{}') from
    (select status, count(*) as n from sessions where deleted_at is null group by status) as by_status) as counts`;

const CLOSED = `select count(*)::int as closed from quotas where not is_open and reset_at > now()`;

const SESSION = `
select ${storedSession('sessions')} from sessions where id = $1::uuid and tenant = $2 and deleted_at is null`;

export function createPostgresSessionHistory(database: Database): SessionHistory {
  return {
    async page(after) {
      const { xid, position } = after ?? BEGINNING;
      const rows = await database.query<StoredSessionEvent & HistoryPlace>(IN_ORDER, [xid, position]);
      const last = rows.at(-1);
      const end = last ? { xid: last.xid, position: last.position } : { xid, position };
      return { events: rows, end, isLast: rows.length < PAGE };
    },
    between: (sessionId, after, before) => database.query<StoredSessionEvent>(BETWEEN, [sessionId, after, before]),
    async countByStatus() {
      const [row] = await database.query<StatusCount>(COUNT);
      if (!row) throw new Error('The database did not count.');
      return row;
    },
    async closedModels() {
      const [row] = await database.query<{ closed: number }>(CLOSED);
      return row?.closed ?? 0;
    },
    async snapshot(sessionId, tenant) {
      const [row] = await database.query<StoredSession>(SESSION, [sessionId, tenant]);
      if (!row) return null;
      const snapshot = readSnapshot(row);
      if (!snapshot) throw unreadableSession(sessionId);
      return snapshot;
    },
  };
}

import type { StoredSessionEvent } from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import type { Database } from '@oio/persistence';
import type { SessionHistory, StatusCount } from '../ports.ts';

const BETWEEN = `
select e.session_id as "sessionId", s.tenant, e.seq::int as seq, e.command_id as "commandId", e.epoch::int as epoch, e.cause,
  to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, e.type, e.data
from session_events e join sessions s on s.id = e.session_id
where e.session_id = $1::uuid and e.seq > $2 and e.seq < $3
order by e.seq`;

const COUNT = `
select (extract(epoch from now()) * 1000)::float8 as "atMs",
  (select coalesce(jsonb_object_agg(status, n), '{}') from
    (select status, count(*) as n from sessions where deleted_at is null group by status) as by_status) as counts`;

const SNAPSHOT = 'select snapshot from sessions where id = $1::uuid and tenant = $2 and deleted_at is null';

export function createPostgresSessionHistory(database: Database): SessionHistory {
  return {
    between: (sessionId, after, before) => database.query<StoredSessionEvent>(BETWEEN, [sessionId, after, before]),
    async countByStatus() {
      const [row] = await database.query<StatusCount>(COUNT);
      if (!row) throw new Error('The database did not count.');
      return row;
    },
    async snapshot(sessionId, tenant) {
      const [row] = await database.query<{ snapshot: SessionSnapshot }>(SNAPSHOT, [sessionId, tenant]);
      return row?.snapshot ?? null;
    },
  };
}

import type { Database } from '@oio/persistence';
import type { DependantTable, PendingSession, SessionKey } from '../ports.ts';

/** Of a pending session a timer says that it has been released already; of one that has ended, that it is retried by itself. */
const HELD_BACK = `d.id = any(s.depends_on)
    and (d.timer_at is not null or d.status in ('pending', 'queued', 'running', 'paused', 'degraded'))`;
const DUE = `
select s.id, s.tenant from sessions s
where s.status = 'pending' and s.depends_on is not null and s.timer_at is null and not (s.id = any($2::uuid[]))
  and not exists (select 1 from sessions d where ${HELD_BACK})`;

const ALL_DUE = `${DUE} order by s.id limit $1`;
const DUE_AMONG = `${DUE} and (s.depends_on && $3::uuid[] or s.id = any($3::uuid[])) order by s.id limit $1`;
const ANY = `select exists (select 1 from sessions where status = 'pending' and depends_on is not null) as waiting`;

const PENDING = `
select (extract(epoch from s.created_at) * 1000)::float8 as "createdAtMs", (extract(epoch from s.timer_at) * 1000)::float8 as "startAtMs",
  case when s.depends_on is not null and s.timer_at is null then coalesce((
    select json_agg(json_build_object('session', d.id, 'status', d.status) order by d.id) from sessions d where ${HELD_BACK}
  ), '[]') end as dependencies
from sessions s where s.id = $1::uuid and s.status = 'pending'`;

export function createPostgresDependantTable(database: Database): DependantTable {
  return {
    async due({ limit, except }) {
      const [row] = await database.query<{ waiting: boolean }>(ANY, [], { prepared: 'any_dependant' });
      if (!row?.waiting) return { due: [], waiting: false };
      return { due: await database.query<SessionKey>(ALL_DUE, [limit, except]), waiting: true };
    },
    dueAmong: ({ heard, limit, except }) => database.query<SessionKey>(DUE_AMONG, [limit, except, heard]),
    async pending(id) {
      const [row] = await database.query<PendingSession>(PENDING, [id]);
      return row ?? null;
    },
  };
}

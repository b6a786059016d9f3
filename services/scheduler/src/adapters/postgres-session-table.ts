import { PRIORITIES } from '@oio/contracts';
import { type Database, isAtWork, readableJson, workerLockKey, workerSigns } from '@oio/persistence';
import type { SessionKey, SessionRow, SessionTable, TimedSession } from '../ports.ts';

/** How long a session that has ended keeps its directory when nobody shows that its last run is closed. */
const CLOSING_SECONDS = 60;

const ROW = `id, tenant, status, priority, (extract(epoch from waiting_since) * 1000)::float8 as "waitingSinceMs", directory, workspace,
  model, concurrency_key as "concurrencyKey", server_id as "serverId", attempt_open as "attemptOpen", version::int as version`;

const WAITING = `
select ${ROW} from sessions where waiting_since is not null and (priority, waiting_since, id) > ($1::smallint, $2::timestamptz, $3::uuid)
order by priority, waiting_since, id limit $4`;

/** Before all that wait. */
const START = { priority: -1, waitingSinceMs: 0, id: '00000000-0000-0000-0000-000000000000' };

/** What is missing in memory was most likely committed lately. */
const NEWEST_OF_CLASS = 100;
const NEWEST = PRIORITIES.map(
  (_name, rank) => `(select ${ROW} from sessions where waiting_since is not null and priority = ${rank}
  order by waiting_since desc, id desc limit ${NEWEST_OF_CLASS})`,
).join(' union all ');

const WORKING = isAtWork('sessions');

const HOLDERS = `
select ${ROW} from sessions where ${WORKING}
union all
select ${ROW} from sessions where status = 'paused' and workspace = 'in_place'
union all
select ${ROW} from sessions where attempt_open and workspace = 'in_place' and status not in ('running', 'degraded', 'paused')
  and updated_at > now() - interval '${CLOSING_SECONDS} seconds'`;

const FIND = `select ${ROW} from sessions where id = any($1::uuid[])`;

const NOT_WAITING = `
select known.id from unnest($1::uuid[]) as known (id)
where not exists (select from sessions s where s.id = known.id and s.waiting_since is not null)`;

/** now() is the start of the statement, so that nothing fires early. A deleted session needs no timer. */
const WITH_TIMER = `
select id, tenant, ${readableJson('state')} -> 'timers' as timers, (extract(epoch from now()) * 1000)::float8 as "nowMs"
from sessions
where timer_at is not null and timer_at <= now() + make_interval(secs => $1) and deleted_at is null and not (id = any($3::uuid[]))
order by timer_at limit $2`;

const ABANDONED = `
select id, tenant from sessions
where ${WORKING} and not (id = any($2::uuid[]))
  and not exists (select 1 from workers w where w.incarnation = sessions.owner and w.lease_until > now())
order by updated_at limit $1`;

const { leased, abandoned } = workerSigns('w');
const WORKERS = `select incarnation, not ${leased} as expired, locked, ${abandoned} as unlocked from workers w`;

/** A process that hangs still holds its locks: its connection is ended. In a key the first half is `classid`, the second `objid`. */
const END_WORKERS = `
with ended as (
  update workers set lease_until = least(lease_until, clock_timestamp()) where incarnation = any($1::uuid[]) returning incarnation
)
select pg_terminate_backend(l.pid) from pg_locks l join ended e
  on (l.classid::bigint << 32) | l.objid::bigint = ${workerLockKey('e.incarnation')}
where l.locktype = 'advisory' and l.granted and l.mode = 'ExclusiveLock'
  and l.database = (select oid from pg_database where datname = current_database())`;

/** Those that have left sessions at work are still needed: by their leases is told since when nobody runs them. */
const FORGET_WORKERS = `
delete from workers w where lease_until < now() - make_interval(secs => $1)
  and not exists (select 1 from sessions where owner = w.incarnation and ${WORKING})`;

export function createPostgresSessionTable(database: Database): SessionTable {
  return {
    waiting({ after, limit }) {
      const { priority, waitingSinceMs, id } = after ?? START;
      return database.query<SessionRow>(WAITING, [priority, new Date(waitingSinceMs).toISOString(), id, limit]);
    },
    newest: () => database.query<SessionRow>(NEWEST),
    holders: () => database.query<SessionRow>(HOLDERS),
    find: (ids) => database.query<SessionRow>(FIND, [ids]),
    async notWaiting(ids) {
      return (await database.query<{ id: string }>(NOT_WAITING, [ids])).map(({ id }) => id);
    },
    withTimer: ({ withinMs, limit, except }) =>
      database.query<TimedSession>(WITH_TIMER, [withinMs / 1_000, limit, except]),
    abandoned: ({ limit, except }) => database.query<SessionKey>(ABANDONED, [limit, except]),
    workers: () => database.query(WORKERS, [], { prepared: 'workers' }),
    async endWorkers(incarnations) {
      await database.query(END_WORKERS, [incarnations]);
    },
    async forgetWorkers(deadMs) {
      await database.query(FORGET_WORKERS, [deadMs / 1_000]);
    },
  };
}

import { FIRES_KEPT, type Schedule, type ScheduleFire, type Status } from '@oio/contracts';
import { type Database, forgetOldFires, sqlStateOf, UNIQUE_VIOLATION, instant } from '@oio/persistence';
import type { ScheduleStore } from '../ports.ts';

const SELECT = `
select id, name, cron, time_zone as "timeZone", overlap, catch_up_limit as "catchUpLimit", paused, session, version,
  created_by as "createdBy", ${instant('created_at')} as "createdAt", ${instant('updated_at')} as "updatedAt",
  ${instant('next_fire_at')} as "nextFireAt"
from schedules`;

const GET = `${SELECT} where tenant = $1 and id = $2::uuid`;
const LIST = `${SELECT} where tenant = $1 and ($2::text is null or name = $2) and ($3::uuid is null or id < $3::uuid) order by id desc limit $4`;

/** Of those who add to a tenant's schedules at the same time each counts what the one before has added. */
const TAKE_TURN = `select pg_advisory_xact_lock(hashtextextended('schedules of ' || $1, 0))`;
const COUNT = `select count(*)::int as count from schedules where tenant = $1`;
const ADD = `
insert into schedules (tenant, id, name, cron, time_zone, overlap, catch_up_limit, paused, session, created_by, next_fire_at)
values ($1, $2::uuid, $3, $4, $5, $6, $7, $8, $9::json, $10, $11::timestamptz) on conflict do nothing returning id`;

const REPLACE = `
update schedules set name = $4, cron = $5, time_zone = $6, overlap = $7, catch_up_limit = $8, paused = $9, session = $10::json,
  next_fire_at = case when $11 then next_fire_at else $12::timestamptz end, version = version + 1, updated_at = now()
where tenant = $1 and id = $2::uuid and version = $3 returning id`;

/** Locked first: fires that are being written down at the same time are there, or not there, as a whole. */
const LOCK = `select id from schedules where tenant = $1 and id = $2::uuid and version = $3 for update`;
const REMOVE_FIRES = `delete from schedule_fires where schedule_id = $1::uuid`;
const REMOVE = `delete from schedules where id = $1::uuid`;

/** Whether there is a session is the session's to tell: a submission whose answer was lost may have had its effect. */
const FIRES = `
select ${instant('f.at')} as at, f.by_hand as "byHand", f.outcome, f.detail, s.id as "sessionId", s.status
from schedule_fires f left join sessions s on s.id = f.session_id and f.outcome <> 'missed'
where f.schedule_id = $1::uuid order by f.at desc, f.session_id desc limit ${FIRES_KEPT}`;

const LOCK_TO_FIRE = `select id from schedules where tenant = $1 and id = $2::uuid for update`;
const FORGET = `with found as (select $1::uuid as id) ${forgetOldFires('found')}`;
/** One that has been entered is entered, however many wait. */
const FIRE = `
with waiting as (select count(*) as count from schedule_fires where schedule_id = $1::uuid and by_hand and outcome = 'pending'),
entered as (
  insert into schedule_fires (session_id, schedule_id, at, by_hand, outcome)
  select $2::uuid, $1::uuid, clock_timestamp(), true, 'pending' from waiting where waiting.count < $3
  on conflict (session_id) do nothing returning session_id
)
select 1 from entered union all select 1 from schedule_fires where session_id = $2::uuid`;

export function createPostgresScheduleStore(database: Database): ScheduleStore {
  return {
    add: ({ tenant, id }, { createdBy, nextFireAt, ...entry }, most) =>
      database.transaction(async (query) => {
        await query(TAKE_TURN, [tenant]);
        const [{ count } = { count: 0 }] = await query<{ count: number }>(COUNT, [tenant]);
        if (count >= most) return 'full';
        const values = [tenant, id, ...contentOf(entry), createdBy, nextFireAt];
        return (await query(ADD, values)).length > 0 ? 'added' : 'taken';
      }),
    async get({ tenant, id }) {
      const [found] = await database.query<Schedule>(GET, [tenant, id]);
      return found ?? null;
    },
    list: (tenant, { name }, { before, limit }) =>
      database.query<Schedule>(LIST, [tenant, name ?? null, before, limit]),
    async replace({ tenant, id }, version, { nextFireAt, ...entry }) {
      const values = [tenant, id, version, ...contentOf(entry), nextFireAt === undefined, nextFireAt ?? null];
      try {
        return (await database.query(REPLACE, values)).length > 0 ? 'replaced' : 'changed';
      } catch (error) {
        if (sqlStateOf(error) === UNIQUE_VIOLATION) return 'name_taken';
        throw error;
      }
    },
    remove: ({ tenant, id }, version) =>
      database.transaction(async (query) => {
        const found = await query(LOCK, [tenant, id, version]);
        if (found.length === 0) return false;
        await query(REMOVE_FIRES, [id]);
        await query(REMOVE, [id]);
        return true;
      }),
    ...firesIn(database),
  };
}

function firesIn(database: Database): Pick<ScheduleStore, 'fires' | 'fire'> {
  return {
    async fires(id) {
      return (await database.query<FireRow>(FIRES, [id])).map(fireOf);
    },
    fire: ({ tenant, id }, sessionId, most) =>
      database.transaction(async (query) => {
        const found = await query(LOCK_TO_FIRE, [tenant, id]);
        if (found.length === 0) return 'gone';
        await query(FORGET, [id]);
        return (await query(FIRE, [id, sessionId, most])).length > 0 ? 'entered' : 'full';
      }),
  };
}

type Content = Pick<Schedule, 'name' | 'cron' | 'timeZone' | 'overlap' | 'catchUpLimit' | 'paused' | 'session'>;

function contentOf({ name, cron, timeZone, overlap, catchUpLimit, paused, session }: Content): unknown[] {
  return [name, cron, timeZone, overlap, catchUpLimit, paused, JSON.stringify(session)];
}

interface FireRow extends Pick<ScheduleFire, 'at' | 'byHand' | 'outcome' | 'detail'> {
  readonly sessionId: string | null;
  readonly status: Status | null;
}

function fireOf({ sessionId, status, ...fire }: FireRow): ScheduleFire {
  if (!sessionId || !status) return { ...fire, session: null };
  return { ...fire, outcome: 'submitted', detail: null, session: { id: sessionId, status } };
}

import { type Database, forgetOldFires, instant } from '@oio/persistence';
import { batched } from '@oio/runtime';
import type { ComingSchedule, FireRecord, PendingFire, ScheduleDecision, ScheduleTable } from '../ports.ts';

const COMING = `
select id, version, cron, time_zone as "timeZone", catch_up_limit as "catchUpLimit", ${instant('next_fire_at')} as "nextFireAt",
  ${instant('now()')} as now, (extract(epoch from next_fire_at - now()) * 1000)::float8 as "inMs",
  (select count(*)::int from schedule_fires f where f.schedule_id = s.id and f.outcome = 'pending') as pending
from schedules s where next_fire_at <= now() + make_interval(secs => $1) order by next_fire_at limit $2`;

/** Whoever comes second, with the same or another opinion, changes nothing: the schedule is not due at that time any more. */
const DECIDE = `
with decided as (
  update schedules s set next_fire_at = d."nextFireAt"
  from json_to_recordset($1::json) as d(id uuid, version int, "from" timestamptz, "nextFireAt" timestamptz)
  where s.id = d.id and s.version = d.version and s.next_fire_at = d."from"
  returning s.id
), forgotten as (${forgetOldFires('decided')})
insert into schedule_fires (session_id, schedule_id, at, by_hand, outcome, detail)
select f."sessionId", d.id, f.at, false, f.outcome, f.detail
from decided d
join json_to_recordset($2::json) as f("sessionId" uuid, id uuid, at timestamptz, outcome text, detail text) on f.id = d.id
on conflict (session_id) do nothing`;

const PENDING = `
select f.session_id as "sessionId", f.schedule_id as "scheduleId", ${instant('f.at')} as at, s.tenant, s.created_by as "createdBy",
  s.overlap, s.session
from (
  select distinct on (schedule_id) session_id, schedule_id, at from schedule_fires where outcome = 'pending'
  order by schedule_id, at, session_id
) f join schedules s on s.id = f.schedule_id
where not (f.session_id = any($2::uuid[])) order by f.at limit $1`;

const RECORD = `
update schedule_fires f set outcome = r.outcome, detail = r.detail
from json_to_recordset($1::json) as r("sessionId" uuid, outcome text, detail text)
where f.session_id = r."sessionId" and f.outcome = 'pending'`;

export function createPostgresScheduleTable(database: Database): ScheduleTable {
  return {
    coming: ({ withinMs, limit }) =>
      database.query<ComingSchedule>(COMING, [withinMs / 1_000, limit], { prepared: 'coming_schedules' }),
    async decide(decisions) {
      // In the order of their ids, so that two who do the same do not wait for each other.
      const ordered = decisions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const fires = ordered.flatMap(({ id, fires: all }) => all.map((fire) => ({ ...fire, id })));
      await database.query(DECIDE, [JSON.stringify(ordered.map(decisionRow)), JSON.stringify(fires)]);
    },
    pending: ({ limit, except }) =>
      database.query<PendingFire>(PENDING, [limit, except], { prepared: 'pending_fires' }),
    record: batched(async (records: readonly FireRecord[]) => {
      await database.query(RECORD, [JSON.stringify(records)]);
      return records.map(() => {});
    }),
  };
}

function decisionRow({ id, version, from, nextFireAt }: ScheduleDecision) {
  return { id, version, from, nextFireAt };
}

import { type Database, WORKING_STATUSES } from '@oio/persistence';
import type { GateAnswer, RunFences } from '../attempts/gate.ts';

const IS_WORKING = `status in ${WORKING_STATUSES}`;

/**
 * `for share` holds off whoever takes the session over until the answer is on its way; a plain reading could be older than
 * the new owner's commit. A row that is being written to is skipped, not waited for, so that no two statements can wait
 * for each other; it is asked for again. Row by row through the keys (`lateral`), whatever the planner believes of the
 * tables' sizes: a plan is kept, and made when they are small. What a pass writes after the first one is not waited for to
 * be on the disk: a crash of the database forgets its lock anyway, and the fence stands there since the claim. What has an agent
 * work waits for the same row: an order to stop that was accepted before it is seen here, wherever its message may be.
 */
const PASS = `
with setting as materialized (select set_config('synchronous_commit', case when $6 then 'on' else 'off' end, true) as value),
asked as materialized (
  select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $7::bool[]) as a(session_id, epoch, fence, token, to_work)
),
held as materialized (
  select s.id, a.fence, a.token, s.state
  from asked a cross join lateral (
    select id, case when a.token is not null then state end as state from sessions
    where id = a.session_id and owner_epoch = a.epoch and (not a.to_work or ${IS_WORKING}) for share skip locked
  ) s
),
passed as (
  insert into run_fences as f (session_id, fence, gateway, at)
  select id, fence, $5::uuid, now() from held order by id
  on conflict (session_id) do update set fence = excluded.fence, gateway = excluded.gateway, at = excluded.at
    where f.fence < excluded.fence or (f.fence = excluded.fence and f.gateway = excluded.gateway)
  returning session_id, xmax = 0 as first
)
select a.session_id as "sessionId", coalesce(p.first, false) as first,
  case when not p.first and h.token = (h.state->'attempt'->>'number') || '.' || (h.state->'attempt'->>'run')
    then h.state->'attempt'->>'openCodeSessionId' end as "openCodeSessionId",
  case
    when p.session_id is not null then 'open'
    when f.fence > a.fence or (f.fence = a.fence and f.gateway <> $5::uuid) then 'superseded'
    when s.owner_epoch = a.epoch and a.to_work and not s.is_working then 'stopped'
    when s.owner_epoch = a.epoch then 'busy'
    else 'closed'
  end as state
from asked a
cross join setting
left join held h on h.id = a.session_id
left join passed p on p.session_id = a.session_id
left join lateral (select fence, gateway from run_fences where session_id = a.session_id and p.session_id is null offset 0) f on true
left join lateral (select owner_epoch, ${IS_WORKING} as is_working from sessions where id = a.session_id and p.session_id is null offset 0) s on true`;

const HOLDER = 'select gateway from run_fences where session_id = $1::uuid';

const WORKING = `select ${IS_WORKING} as working from sessions where id = $1::uuid`;

const SUPERSEDED = `
select f.session_id as "sessionId"
from jsonb_to_recordset($1::jsonb) as a(session_id uuid, fence bigint) join run_fences f on f.session_id = a.session_id
where f.fence > a.fence or (f.fence = a.fence and f.gateway <> $2::uuid)`;

/** The fences as this gateway sees them. */
export function createPostgresRunFences(database: Database, gateway: string): RunFences {
  return {
    async pass(asked) {
      const columns = [
        asked.map(({ sessionId }) => sessionId),
        asked.map(({ epoch }) => epoch),
        asked.map(({ fence }) => fence),
        asked.map(({ token }) => token),
      ];
      const toWork = asked.map((one) => one.toWork);
      const isClaim = asked.some(({ token }) => token !== null);
      return database.query<GateAnswer>(PASS, [...columns, gateway, isClaim, toWork], { prepared: 'pass_gate' });
    },
    async holder(sessionId) {
      const [row] = await database.query<{ gateway: string }>(HOLDER, [sessionId]);
      return row && row.gateway !== gateway ? row.gateway : null;
    },
    async isWorking(sessionId) {
      const [row] = await database.query<{ working: boolean }>(WORKING, [sessionId]);
      return row?.working ?? false;
    },
    async superseded(runs) {
      const input = runs.map(({ sessionId, fence }) => ({ session_id: sessionId, fence }));
      const rows = await database.query<{ sessionId: string }>(SUPERSEDED, [JSON.stringify(input), gateway]);
      return rows.map(({ sessionId }) => sessionId);
    },
  };
}

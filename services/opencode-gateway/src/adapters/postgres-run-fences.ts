import type { Database } from '@oio/persistence';
import type { GateAnswer, RunFences } from '../attempts/gate.ts';

/**
 * `for share` holds off whoever takes the session over until the answer is on its way; a plain reading could be older than
 * the new owner's commit. A row that is being written to is skipped, not waited for, so that no two statements can wait
 * for each other; it is asked for again.
 */
const PASS = `
with asked as materialized (
  select * from jsonb_to_recordset($1::jsonb) as a(session_id uuid, epoch bigint, fence bigint, token text)
),
held as materialized (
  select s.id, a.fence, case
      when a.token is null then null
      when a.token = (s.snapshot->'attempt'->>'number') || '.' || (s.snapshot->'attempt'->>'run') then s.snapshot->'attempt'->>'openCodeSessionId'
    end as open_code_session_id
  from asked a join sessions s on s.id = a.session_id
  where s.owner_epoch = a.epoch
  order by s.id
  for share of s skip locked
),
passed as (
  insert into run_fences as f (session_id, fence, gateway, at)
  select id, fence, $2::uuid, now() from held order by id
  on conflict (session_id) do update set fence = excluded.fence, gateway = excluded.gateway, at = excluded.at
    where f.fence < excluded.fence or (f.fence = excluded.fence and f.gateway = excluded.gateway)
  returning session_id, xmax = 0 as first
)
select a.session_id as "sessionId", coalesce(p.first, false) as first, h.open_code_session_id as "openCodeSessionId",
  case
    when p.session_id is not null then 'open'
    when f.fence > a.fence or (f.fence = a.fence and f.gateway <> $2::uuid) then 'superseded'
    when s.owner_epoch = a.epoch then 'busy'
    else 'closed'
  end as state
from asked a
left join held h on h.id = a.session_id
left join passed p on p.session_id = a.session_id
left join run_fences f on f.session_id = a.session_id
left join sessions s on s.id = a.session_id`;

const HOLDER = 'select gateway from run_fences where session_id = $1::uuid';

const SUPERSEDED = `
select f.session_id as "sessionId"
from jsonb_to_recordset($1::jsonb) as a(session_id uuid, fence bigint) join run_fences f on f.session_id = a.session_id
where f.fence > a.fence or (f.fence = a.fence and f.gateway <> $2::uuid)`;

/** The fences as this gateway sees them. */
export function createPostgresRunFences(database: Database, gateway: string): RunFences {
  return {
    async pass(asked) {
      const input = asked.map(({ sessionId, epoch, fence, token }) => ({ session_id: sessionId, epoch, fence, token }));
      return database.query<GateAnswer>(PASS, [JSON.stringify(input), gateway], { prepared: 'pass_gate' });
    },
    async holder(sessionId) {
      const [row] = await database.query<{ gateway: string }>(HOLDER, [sessionId]);
      return row && row.gateway !== gateway ? row.gateway : null;
    },
    async superseded(runs) {
      const input = runs.map(({ sessionId, fence }) => ({ session_id: sessionId, fence }));
      const rows = await database.query<{ sessionId: string }>(SUPERSEDED, [JSON.stringify(input), gateway]);
      return rows.map(({ sessionId }) => sessionId);
    },
  };
}

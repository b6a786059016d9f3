import { ORDERS_PER_EPOCH } from '@oio/contracts';
import { type Database, readableJson, WORKING_STATUSES } from '@oio/persistence';
import type { LeftoverRun, LeftoverRuns } from '../attempts/leftovers.ts';

/** In SQL: whether somebody has said of the attempt in a stored state that its end cannot be shown. */
export function unconfirmedStop(state: string): string {
  return `(${state}->'attempt'->'stop'->>'failure') is not null`;
}

/**
 * One that a gateway has just acted for is left to that. The fence
 * is one of the present epoch, so that it keeps off whoever acted under an earlier one, and below all orders that are still
 * to come. `for share` holds off a new owner meanwhile: its epoch would be another one.
 */
const CLAIM = `
with found as materialized (
  select id, tenant, owner_epoch, (stored->'attempt'->>'number') || '.' || (stored->'attempt'->>'run') as token,
    stored->'attempt'->>'openCodeSessionId' as open_code_session_id, stored->'workspace'->>'path' as directory,
    stored->'attempt'->>'messageId' as message_id, ${unconfirmedStop('stored')} as is_unconfirmed
  from sessions, lateral (select ${readableJson('state')} as stored) as readable
  where stored->'attempt'->>'number' is not null and stored->'attempt'->>'run' is not null
    and attempt_open and server_id = $1 and status not in ${WORKING_STATUSES} and updated_at < now() - make_interval(secs => $3)
  order by id
  limit 100
  for share skip locked
),
claimed as (
  insert into run_fences as f (session_id, fence, gateway, at)
  select id, owner_epoch * ${ORDERS_PER_EPOCH}, $2::uuid, now() from found order by id
  on conflict (session_id) do update set fence = greatest(f.fence, excluded.fence), gateway = excluded.gateway, at = excluded.at
    where f.gateway = excluded.gateway or f.at < now() - interval '10 seconds'
  returning session_id, fence
)
select id as "sessionId", tenant, token, owner_epoch::float8 as epoch, fence::float8 as fence,
  open_code_session_id as "openCodeSessionId", directory, message_id as "messageId", is_unconfirmed as "isUnconfirmed"
from found join claimed on claimed.session_id = found.id`;

export function createPostgresLeftoverRuns(database: Database, gateway: string): LeftoverRuns {
  return {
    claim: (serverId, minAgeSeconds) => database.query<LeftoverRun>(CLAIM, [serverId, gateway, minAgeSeconds]),
  };
}

import type { Database } from '@oio/persistence';
import type { LeftoverRuns } from '../attempts/leftovers.ts';

/** Young ones are left to the order that is under way. */
const LEFTOVERS = `
select id as "sessionId", tenant, (snapshot->'attempt'->>'number') || '.' || (snapshot->'attempt'->>'run') as token,
  snapshot->'attempt'->>'openCodeSessionId' as "openCodeSessionId", snapshot->'workspace'->>'path' as directory
from sessions
where attempt_open and server_id = $1 and status not in ('running', 'degraded') and updated_at < now() - interval '3 seconds'
limit 100`;

export function createPostgresLeftoverRuns(database: Database): LeftoverRuns {
  return { of: (serverId) => database.query(LEFTOVERS, [serverId]) };
}

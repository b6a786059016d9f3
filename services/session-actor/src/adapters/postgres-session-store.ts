import { createGroupCommit, type Database, isLivingWorker } from '@oio/persistence';
import type { ChildLeftBehind, ClaimedSession, SessionStore } from '../ports.ts';

const CLAIM = `
update sessions set owner = $2::uuid, owner_epoch = owner_epoch + 1
where id = $1::uuid and (owner is null or owner = $2::uuid
  or not exists (select 1 from workers w where w.incarnation = sessions.owner and ${isLivingWorker('w')}))
returning owner_epoch::int as epoch, snapshot`;

const CHILD_OUTCOMES = `
select count(*) filter (where status in ('completed', 'partially_completed'))::int as succeeded,
  count(*) filter (where status in ('failed', 'timeout', 'stopped', 'cancelled', 'orphaned'))::int as failed
from sessions where parent_id = $1::uuid`;

/** A child that was retried after its parent's end is not meant: somebody wants it to go on. */
const LEFT_BEHIND = `
select c.id as "childId", c.tenant, p.id as "parentId", p.snapshot -> 'session' ->> 'childPolicy' as policy
from sessions c join sessions p on p.id = c.parent_id
where c.parent_id is not null and c.status in ('pending', 'queued', 'running', 'paused', 'degraded')
  and p.status not in ('pending', 'queued', 'running', 'paused', 'degraded') and p.snapshot -> 'timers' -> 'retry' is null
  and p.snapshot -> 'session' ->> 'childPolicy' <> 'detach' and p.updated_at < now() - interval '3 seconds'
  and ((c.snapshot ->> 'retries')::int = 0 or c.snapshot -> 'times' ->> 'queuedAt' <= p.snapshot ->> 'statusUpdatedAt')
limit 100`;

export function createPostgresSessionStore(database: Database): SessionStore {
  const { commit } = createGroupCommit(database);
  return {
    commit,
    async claim(sessionId, incarnation) {
      const [row] = await database.query<ClaimedSession>(CLAIM, [sessionId, incarnation], {
        prepared: 'claim_session',
      });
      return row ?? null;
    },
    async ownership(sessionId) {
      const rows = await database.query<{ owner: string | null; epoch: number; version: number }>(
        'select owner, owner_epoch::int as epoch, version::int as version from sessions where id = $1::uuid',
        [sessionId],
      );
      return rows[0] ?? null;
    },
    async hasOutcome(sessionId, commandId) {
      const rows = await database.query(
        'select 1 from session_events where session_id = $1::uuid and command_id = $2',
        [sessionId, commandId],
        { prepared: 'has_outcome' },
      );
      return rows.length > 0;
    },
    async childOutcomes(parentId) {
      const [row] = await database.query<{ succeeded: number; failed: number }>(CHILD_OUTCOMES, [parentId]);
      return row ?? { succeeded: 0, failed: 0 };
    },
    leftBehind: () => database.query<ChildLeftBehind>(LEFT_BEHIND),
  };
}

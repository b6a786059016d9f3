import type { SessionSnapshot } from '@oio/domain';
import { createGroupCommit, type Database } from '@oio/persistence';
import type { SessionStore } from '../ports.ts';

const CLAIM = `
update sessions set owner = $2::uuid, owner_epoch = owner_epoch + 1
where id = $1::uuid and (owner is null or owner = $2::uuid
  or not exists (select 1 from workers w where w.incarnation = sessions.owner and w.lease_until > now()))
returning owner_epoch::int as epoch, snapshot`;

const CHILD_OUTCOMES = `
select count(*) filter (where status in ('completed', 'partially_completed'))::int as succeeded,
  count(*) filter (where status in ('failed', 'timeout', 'stopped', 'cancelled', 'orphaned'))::int as failed
from sessions where parent_id = $1::uuid`;

export function createPostgresSessionStore(database: Database): SessionStore {
  const { commit } = createGroupCommit(database);
  return {
    commit,
    async claim(sessionId, incarnation) {
      const [row] = await database.query<{ epoch: number; snapshot: SessionSnapshot }>(CLAIM, [sessionId, incarnation]);
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
      );
      return rows.length > 0;
    },
    async childOutcomes(parentId) {
      const [row] = await database.query<{ succeeded: number; failed: number }>(CHILD_OUTCOMES, [parentId]);
      return row ?? { succeeded: 0, failed: 0 };
    },
  };
}

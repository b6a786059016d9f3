import { readSnapshot, type StoredSession, unreadableSession } from '@oio/domain';
import { type Database, storedSession } from '@oio/persistence';
import type { PresentSessions, StatusCount } from '../ports.ts';

const COUNT = `
select (extract(epoch from now()) * 1000)::float8 as "atMs",
  (select coalesce(jsonb_object_agg(status, n), '{}') from
    (select status, count(*) as n from sessions where deleted_at is null group by status) as by_status) as counts`;

const CLOSED = `select count(*)::int as closed from quotas where not is_open and reset_at > now()`;

const SESSION = `
select ${storedSession('sessions')} from sessions where id = $1::uuid and tenant = $2 and deleted_at is null`;

export function createPostgresPresentSessions(database: Pick<Database, 'query'>): PresentSessions {
  return {
    async countByStatus() {
      const [row] = await database.query<StatusCount>(COUNT);
      if (!row) throw new Error('The database did not count.');
      return row;
    },
    async closedModels() {
      const [row] = await database.query<{ closed: number }>(CLOSED);
      return row?.closed ?? 0;
    },
    async snapshot(sessionId, tenant) {
      const [row] = await database.query<StoredSession>(SESSION, [sessionId, tenant]);
      if (!row) return null;
      const snapshot = readSnapshot(row);
      if (!snapshot) throw unreadableSession(sessionId);
      return snapshot;
    },
  };
}

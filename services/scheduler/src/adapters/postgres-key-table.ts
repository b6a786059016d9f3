import type { Database } from '@oio/persistence';
import type { KeyTable, KeyUser } from '../ports.ts';

/** More than that of one key, or of many, are looked at when the first of them have ended. */
const AT_ONCE = 10_000;

const USERS = `
select s.id, s.tenant, s.concurrency_key as key, coalesce(s.supersedes and s.waiting_since is not null, false) as supersedes
from sessions s
where s.status in ('pending', 'queued', 'running', 'paused', 'degraded') and (s.tenant, s.concurrency_key) in (
  select n.tenant, n.concurrency_key from sessions n where n.supersedes and n.waiting_since is not null
)
order by s.tenant, s.concurrency_key, s.created_at, s.id limit ${AT_ONCE}`;

export function createPostgresKeyTable(database: Database): KeyTable {
  return { contested: () => database.query<KeyUser>(USERS) };
}

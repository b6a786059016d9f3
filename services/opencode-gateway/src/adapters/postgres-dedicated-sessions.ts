import { STATUSES } from '@oio/contracts';
import { TRANSITIONS } from '@oio/domain';
import type { Database } from '@oio/persistence';
import type { DedicatedSessions, SessionOver } from '../managed-server/sweep-dedicated.ts';

const AT_REST = `
select asked.id from unnest($1::text[]) as asked(id)
where not exists (select 1 from sessions where sessions.id::text = asked.id and attempt_open)`;

/** Of an id that is not known nothing is: it may stand in another database. */
const OVER = `
select asked.id, deleted_at is not null as deleted
from unnest($1::text[]) as asked(id) join sessions on sessions.id::text = asked.id
where not attempt_open and (deleted_at is not null or status = any($2::text[]))`;

/** A session in one of these never works again. */
const FINAL = STATUSES.filter((status) => TRANSITIONS[status].length === 0);

export function createPostgresDedicatedSessions(database: Database): DedicatedSessions {
  const of = async <Row>(sql: string, ids: readonly string[], ...more: unknown[]): Promise<readonly Row[]> =>
    ids.length === 0 ? [] : database.query<Row>(sql, [ids, ...more]);
  return {
    atRest: async (ids) => (await of<{ id: string }>(AT_REST, ids)).map(({ id }) => id),
    over: (ids) => of<SessionOver>(OVER, ids, FINAL),
  };
}

import { STATUSES } from '@oio/contracts';
import { TRANSITIONS } from '@oio/domain';
import type { Database } from '@oio/persistence';
import type { DedicatedSessions } from '../managed-server/sweep-dedicated.ts';

const AT_REST = `
select asked.id from unnest($1::text[]) as asked(id)
where not exists (select 1 from sessions where sessions.id::text = asked.id and attempt_open)`;

/** Of an id that is not known nothing is: it may stand in another database. */
const OVER = `
select asked.id from unnest($1::text[]) as asked(id) join sessions on sessions.id::text = asked.id
where not attempt_open and (deleted_at is not null or status = any($2::text[]))`;

/** A session in one of these never works again. */
const FINAL = STATUSES.filter((status) => TRANSITIONS[status].length === 0);

export function createPostgresDedicatedSessions(database: Database): DedicatedSessions {
  const idsBy = async (sql: string, ids: readonly string[], ...more: unknown[]): Promise<readonly string[]> =>
    ids.length === 0 ? [] : (await database.query<{ id: string }>(sql, [ids, ...more])).map(({ id }) => id);
  return {
    atRest: (ids) => idsBy(AT_REST, ids),
    over: (ids) => idsBy(OVER, ids, FINAL),
  };
}

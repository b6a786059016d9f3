import type { Database } from '@oio/persistence';

const ENDED = `
select asked.id from unnest($1::text[]) as asked(id)
where not exists (select 1 from sessions where sessions.id::text = asked.id and attempt_open)`;

/** Which of these sessions have no attempt that may still run. */
export async function withoutOpenAttempt(
  database: Database,
  sessionIds: readonly string[],
): Promise<readonly string[]> {
  if (sessionIds.length === 0) return [];
  return (await database.query<{ id: string }>(ENDED, [sessionIds])).map(({ id }) => id);
}

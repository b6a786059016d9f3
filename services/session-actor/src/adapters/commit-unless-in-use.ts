import { type CommitOutcome, commitSessions, type Database, isRepetition, type SessionCommit } from '@oio/persistence';

/** Those who submit under the same key take turns, so that each sees what the one before has committed. */
const LOCK = 'select pg_advisory_xact_lock(hashtextextended($1, 0))';

const HOLDING = `tenant = $1 and concurrency_key = $2 and status in ('pending', 'queued', 'running', 'paused', 'degraded')`;

/** So many of those that have a key are named. */
const NAMED = 5;
const HOLDERS = `select id from sessions where ${HOLDING} order by created_at, id limit ${NAMED}`;

/** The rule of that very key, else the one for each; 1 where none says it, as the scheduler has it. */
const IN_USE = `
select (select count(*) from sessions where ${HOLDING})
  >= coalesce((select (rule ->> 'concurrent')::int from limits, json_array_elements(rules) rule
    where rule ->> 'scope' = 'concurrencyKey' and (rule ->> 'name' = $2 or rule ->> 'name' is null)
    order by rule ->> 'name' limit 1), 1) as "inUse"`;

/** See `SessionStore.commitUnlessInUse`. */
export async function commitUnlessInUse(database: Database, entry: SessionCommit): Promise<CommitOutcome | 'in_use'> {
  const { tenant, session } = entry.next;
  const key = session.concurrencyKey ?? '';
  try {
    return await database.transaction(async (query) => {
      await query(LOCK, [JSON.stringify([tenant, key])]);
      const [row] = await query<{ inUse: boolean }>(IN_USE, [tenant, key]);
      if (row?.inUse) return 'in_use';
      return (await commitSessions({ query }, [entry])).size > 0 ? 'committed' : 'lost';
    });
  } catch (error) {
    if (isRepetition(error)) return 'repeated';
    throw error;
  }
}

/** See `SessionStore.holdersOf`. */
export async function holdersOf(database: Database, tenant: string, concurrencyKey: string): Promise<string[]> {
  const rows = await database.query<{ id: string }>(HOLDERS, [tenant, concurrencyKey]);
  return rows.map(({ id }) => id);
}

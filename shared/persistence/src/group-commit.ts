import { AppError, UnavailableError } from '@oio/errors';
import { commitSessions, type SessionCommit } from './commit-statement.ts';
import type { Database } from './database.ts';
import { sqlState } from './database-unavailable.ts';

/** Sessions in one statement at most. */
const BATCH = 256;
const UNIQUE_VIOLATION = '23505';

/** `lost`: another owner, another version, or (for a new session) the id is taken. `repeated`: the command id has an outcome already. */
export type CommitOutcome = 'committed' | 'lost' | 'repeated';

export interface GroupCommit {
  /**
   * Resolves once the commit is durable, or with why it is not. Rejects with `UnavailableError` when the database cannot
   * tell: the commit may or may not have happened, and the command id shows which.
   */
  commit(entry: SessionCommit): Promise<CommitOutcome>;
}

interface Waiting {
  readonly entry: SessionCommit;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * While one batch is under way, further commits gather for the next: latency stays that of one round trip, throughput
 * grows with the load. A session must have only one commit under way at a time; its mailbox sees to that.
 */
export function createGroupCommit(database: Database): GroupCommit {
  const queue: Waiting[] = [];
  let busy = false;

  const work = async (): Promise<void> => {
    busy = true;
    while (queue.length > 0) await commitBatch(database, queue.splice(0, BATCH));
    busy = false;
  };

  return {
    commit: (entry) =>
      new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject });
        // One turn of the event loop lets everything that is ready now join the batch.
        if (!busy) {
          busy = true;
          setImmediate(work);
        }
      }),
  };
}

async function commitBatch(database: Database, batch: readonly Waiting[]): Promise<void> {
  try {
    const committed = await commitSessions(
      database,
      batch.map(({ entry }) => entry),
    );
    for (const { entry, resolve } of batch) resolve(committed.has(entry.next.id) ? 'committed' : 'lost');
  } catch (error) {
    if (sqlState(error) === UNIQUE_VIOLATION) await commitSingly(database, batch);
    else for (const { reject } of batch) reject(unavailable(error));
  }
}

/** One repeated command spoils the whole statement: each is tried alone, and only the repetition learns of it. */
async function commitSingly(database: Database, batch: readonly Waiting[]): Promise<void> {
  for (const { entry, resolve, reject } of batch) {
    try {
      const committed = await commitSessions(database, [entry]);
      resolve(committed.has(entry.next.id) ? 'committed' : 'lost');
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) resolve('repeated');
      else reject(unavailable(error));
    }
  }
}

function unavailable(error: unknown): unknown {
  if (error instanceof AppError) return error;
  return new UnavailableError('The database did not confirm the commit; repeat the command with the same id.', {
    code: 'database_unavailable',
    cause: error,
    retryAfterMs: 1_000,
  });
}

import { UnavailableError } from '@oio/errors';
import { commitSessions, type SessionCommit } from './commit-statement.ts';
import type { Database } from './database.ts';
import { ONCE_PER_COMMAND } from './once-per-command.ts';
import { sqlStateOf, UNIQUE_VIOLATION } from './sql-state.ts';

/** Sessions in one statement at most. */
const BATCH = 256;
/**
 * Statements under way at most: while the database executes one, the next is made and sent. The second begins only with so
 * many sessions, because a statement costs as much as three rows of it.
 */
const LANES = 2;
const WORTH_A_LANE = 8;

/** `lost`: another owner, another version, or (for a new session) the id is taken. `repeated`: the command id has an outcome already. */
export type CommitOutcome = 'committed' | 'lost' | 'repeated';

/** Commits of many sessions, made few statements. */
export interface GroupCommit {
  /**
   * Resolves once the commit is durable, or with why it is not. Rejects with `UnavailableError` code
   * `database_unavailable` when the database cannot tell: the commit may or may not have happened, or happen yet, and the
   * command id shows which. Committing the same entry again is safe: it is `lost` then if it did happen.
   */
  readonly commit: (entry: SessionCommit) => Promise<CommitOutcome>;
}

interface Waiting {
  readonly entry: SessionCommit;
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * While batches are under way, further commits gather for the next: latency stays that of one round trip, throughput
 * grows with the load. A session must have only one commit under way at a time; its mailbox sees to that.
 */
export function createGroupCommit(database: Database): GroupCommit {
  const queue: Waiting[] = [];
  let lanes = 0;

  const work = async (): Promise<void> => {
    while (queue.length > 0) await commitBatch(database, queue.splice(0, BATCH));
    lanes -= 1;
  };

  return {
    commit: (entry) =>
      new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject });
        if (lanes === LANES || (lanes > 0 && queue.length < WORTH_A_LANE)) return;
        lanes += 1;
        // One turn of the event loop lets everything that is ready now join the batch.
        setImmediate(() => void work());
      }),
  };
}

async function commitBatch(database: Database, batch: readonly Waiting[]): Promise<void> {
  try {
    const entries = batch.map(({ entry }) => entry);
    const committed = await commitSessions(database, entries);
    for (const { entry, resolve } of batch) resolve(committed.has(entry.next.id) ? 'committed' : 'lost');
  } catch (error) {
    if (error instanceof UnavailableError) for (const { reject } of batch) reject(error);
    else if (batch.length > 1) await commitInHalves(database, batch);
    else for (const waiting of batch) refuse(waiting, error);
  }
}

/** One entry that the database refuses spoils the whole statement; by halves it is found, and only it learns of it. */
async function commitInHalves(database: Database, batch: readonly Waiting[]): Promise<void> {
  const middle = batch.length >> 1;
  await commitBatch(database, batch.slice(0, middle));
  await commitBatch(database, batch.slice(middle));
}

function refuse({ resolve, reject }: Waiting, error: unknown): void {
  if (isRepetition(error)) resolve('repeated');
  else reject(error);
}

/** Whether a commit was refused because its command id has an outcome already. */
export function isRepetition(error: unknown): boolean {
  const { constraint } = error as { constraint?: string };
  return sqlStateOf(error) === UNIQUE_VIOLATION && constraint === ONCE_PER_COMMAND;
}

import { UnavailableError } from '@oio/errors';
import type { Database } from '@oio/persistence';

/** A database as one worker sees it, which a test can keep from it. */
export interface GatedDatabase extends Database {
  /** From now on nothing reaches the database, as for a process that was stopped, until `open`. */
  hold(): void;
  open(): void;
  /** The connection is gone for good, as for a process that was killed. Resolves when nothing is under way any more. */
  cut(): Promise<void>;
  /** The next commits reach the database, and their answers get lost. */
  loseAnswersOfCommits(count: number): void;
  /** The next commits do not reach the database. */
  loseCommits(count: number): void;
  /** The next claims reach the database, and their answers get lost. */
  loseAnswersOfClaims(count: number): void;
}

/** The names under which the statements are prepared. */
const [COMMIT, CLAIM] = ['commit_sessions', 'claim_session'];

export function gate(database: Database): GatedDatabase {
  let gateway = opened();
  let isCut = false;
  let answersToLose = 0;
  let commitsToLose = 0;
  let claimsToLose = 0;
  const begun = underWay();

  const pass = async <T>(what: string | undefined, run: () => Promise<T>): Promise<T> => {
    await gateway.promise;
    if (isCut || (what === COMMIT && commitsToLose-- > 0)) throw lost();
    const result = await begun.track(run());
    if (what === COMMIT ? answersToLose-- > 0 : what === CLAIM && claimsToLose-- > 0) throw lost();
    return result;
  };

  return {
    ...database,
    query: (sql, parameters, options) => pass(options?.prepared, () => database.query(sql, parameters, options)),
    transaction: (task) => pass(COMMIT, () => database.transaction(task)),
    hold() {
      gateway = Promise.withResolvers();
    },
    open() {
      gateway.resolve();
    },
    async cut() {
      isCut = true;
      gateway.resolve();
      await begun.settled();
    },
    loseAnswersOfCommits(count) {
      answersToLose = count;
    },
    loseCommits(count) {
      commitsToLose = count;
    },
    loseAnswersOfClaims(count) {
      claimsToLose = count;
    },
  };
}

function opened() {
  const gateway = Promise.withResolvers<void>();
  gateway.resolve();
  return gateway;
}

/** What has been begun and has not ended. */
function underWay() {
  const all = new Set<Promise<unknown>>();
  return {
    track<T>(running: Promise<T>): Promise<T> {
      all.add(running);
      return running.finally(() => all.delete(running));
    },
    settled: () => Promise.allSettled(all),
  };
}

function lost(): UnavailableError {
  return new UnavailableError('The test has cut the connection.', { code: 'database_unavailable' });
}

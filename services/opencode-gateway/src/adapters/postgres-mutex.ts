import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import type { Database } from '@oio/persistence';
import { createKeyedMutex, type KeyedMutex } from '../workspaces/keyed-mutex.ts';

const LOOK_AGAIN_MS = 50;
const TRY = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as held';
const RELEASE = 'select pg_advisory_unlock(hashtextextended($1, 0))';

interface Connection {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  on(event: 'error', listener: () => void): unknown;
  release(destroy: boolean): void;
}

/**
 * Mutual exclusion per key over all processes on one database, by advisory locks of one connection: whoever dies lets go.
 * Inside of this process the waiters queue up first. Throws `UnavailableError` from `acquire` while the database is away.
 */
export function createPostgresMutex(database: Database): KeyedMutex & AsyncDisposable {
  const here = createKeyedMutex();
  const line = new Line(database);
  const acquire = async (key: string, signal?: AbortSignal): Promise<Disposable> => {
    const held = await here.acquire(key, signal);
    try {
      while (!(await line.tryLock(key))) await delay(LOOK_AGAIN_MS, undefined, { ...(signal && { signal }) });
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
    return {
      [Symbol.dispose]() {
        void line.unlock(key).finally(() => held[Symbol.dispose]());
      },
    };
  };
  return {
    acquire,
    async run(key, action) {
      const held = await acquire(key);
      try {
        return await action();
      } finally {
        held[Symbol.dispose]();
      }
    },
    [Symbol.asyncDispose]: () => line.end(),
  };
}

/** The one connection, made when it is needed, and again after it was lost (and all locks with it). */
class Line {
  readonly #database: Database;
  #connection: Promise<Connection> | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  async tryLock(key: string): Promise<boolean> {
    const rows = await this.#query(TRY, key);
    return (rows[0] as { held?: boolean } | undefined)?.held ?? false;
  }

  async unlock(key: string): Promise<void> {
    // A lost connection has let go of it already.
    await this.#query(RELEASE, key).catch(() => {});
  }

  async end(): Promise<void> {
    const connection = await this.#connection?.catch(() => null);
    this.#connection = null;
    connection?.release(true);
  }

  async #query(text: string, key: string): Promise<readonly unknown[]> {
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    try {
      return (await (await connection).query(text, [key])).rows;
    } catch (cause) {
      if (this.#connection === connection) await this.end();
      throw new UnavailableError('The database does not answer at the moment.', {
        code: 'database_unavailable',
        cause,
      });
    }
  }

  async #connect(): Promise<Connection> {
    const pool = await this.#database.orm.em.getConnection().getNativeClient();
    const connection: Connection = await pool.connect();
    connection.on('error', () => void this.end());
    return connection;
  }
}

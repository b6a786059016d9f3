import { setTimeout as delay } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import type { Database } from '@oio/persistence';
import { createKeyedMutex, type KeyedMutex } from '../keyed-mutex.ts';

const LOOK_AGAIN_MS = 50;
const AWAY_MS = 500;
const TRY = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as held';
const RELEASE = 'select pg_advisory_unlock(hashtextextended($1, 0))';

interface Connection {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  on(event: 'error', listener: () => void): unknown;
  release(destroy: boolean): void;
}

/**
 * Mutual exclusion per key over all processes on one database, by advisory locks of one connection: whoever dies lets go.
 * Inside of this process the waiters queue up first. A database that is away is waited for. Throws `UnavailableError` once
 * it is disposed of.
 */
export function createPostgresMutex(database: Database): KeyedMutex & AsyncDisposable {
  const here = createKeyedMutex();
  const line = new Line(database);
  const acquire = async (key: string, signal?: AbortSignal): Promise<Disposable> => {
    const held = await here.acquire(key, signal);
    try {
      for (let state = await line.tryLock(key); state !== 'held'; state = await line.tryLock(key))
        await delay(state === 'away' ? AWAY_MS : LOOK_AGAIN_MS, undefined, { ...(signal && { signal }) });
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

function ending(): UnavailableError {
  return new UnavailableError('This process is ending.', { code: 'ending' });
}

/** The one connection, made when it is needed, and again after it was lost (and all locks with it). */
class Line {
  readonly #database: Database;
  #connection: Promise<Connection> | null = null;
  /** A connection is given one statement at a time: to queue them is not what it is for. */
  #before: Promise<unknown> = Promise.resolve();
  #hasEnded = false;

  constructor(database: Database) {
    this.#database = database;
  }

  async tryLock(key: string): Promise<'held' | 'taken' | 'away'> {
    if (this.#hasEnded) throw ending();
    const rows = await this.#query(TRY, key).catch(() => null);
    if (rows === null) return 'away';
    return (rows[0] as { held?: boolean } | undefined)?.held ? 'held' : 'taken';
  }

  async unlock(key: string): Promise<void> {
    // A lost connection has let go of it already.
    await this.#query(RELEASE, key).catch(() => {});
  }

  async end(): Promise<void> {
    this.#hasEnded = true;
    await this.#drop(this.#connection);
  }

  /** Unless another one has taken its place: what fails once more when it was lost long ago says nothing of the present one. */
  async #drop(lost: Promise<Connection> | null): Promise<void> {
    if (lost === null || this.#connection !== lost) return;
    this.#connection = null;
    (await lost.catch(() => null))?.release(true);
  }

  #query(text: string, key: string): Promise<readonly unknown[]> {
    const rows = this.#before.then(() => this.#queryNow(text, key));
    this.#before = rows.catch(() => {});
    return rows;
  }

  async #queryNow(text: string, key: string): Promise<readonly unknown[]> {
    if (this.#hasEnded) throw ending();
    const connection = this.#connection ?? this.#connect();
    try {
      return (await (await connection).query(text, [key])).rows;
    } catch (error) {
      await this.#drop(connection);
      throw error;
    }
  }

  #connect(): Promise<Connection> {
    const made = this.#connected(() => void this.#drop(made));
    this.#connection = made;
    return made;
  }

  async #connected(onError: () => void): Promise<Connection> {
    const pool = await this.#database.orm.em.getConnection().getNativeClient();
    const connection: Connection = await pool.connect();
    connection.on('error', onError);
    return connection;
  }
}

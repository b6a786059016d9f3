import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import { Client } from 'pg';

/** How often the connection is tried out, and within which time it must answer. Together less than a worker's self-fence. */
const BEAT_MS = 1_000;
const ANSWER_MS = 3_000;
/** For the first connection, before anything hangs on it: as long as one of the pool waits for its server. */
const OPEN_MS = 30_000;
/** The pauses between tries to connect again: the first, and the longest. */
const RECONNECT = { firstMs: 50, longestMs: 1_000 } as const;
const LOCK = { tryEveryMs: 50, withinMs: 10_000 } as const;

const CONNECTION = {
  application_name: 'oio locks',
  query_timeout: ANSWER_MS,
  keepAlive: true,
  // So that the server, too, notices within 6 s that nobody is there any more, and the locks fall free.
  options:
    '-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=6000 -c idle_session_timeout=0',
} as const;

export interface LockConnectionOptions {
  /** Told when the connection is gone, and with it every lock. They are taken again, if nobody else was faster. */
  readonly onLost?: () => void;
}

/**
 * Advisory locks of one process, on a connection of their own that keeps nothing else waiting. They fall free the moment
 * the process dies. A lock with the key k is `pg_advisory_lock(hashtextextended(k, 0))`. Needs a connection to the
 * server itself, not to a pooler that shares it.
 */
export interface LockConnection extends AsyncDisposable {
  /** Takes the lock if it is free; false also while there is no connection. Never throws. */
  tryLock(key: string): Promise<boolean>;
  /** Waits for the lock. Throws `UnavailableError` code `lock_not_taken` after 10 s. */
  lock(key: string): Promise<void>;
  /** Whether the lock is held, as far as this side knows: a cut is noticed within 4 s, most at once. */
  holds(key: string): boolean;
  /** Gives it up, if it is held; it is not taken again by itself. Never throws. */
  unlock(key: string): Promise<void>;
}

/** Connects, or throws `UnavailableError`; from then on it connects again by itself, and takes again what it had. */
export async function openLockConnection(url: string, options: LockConnectionOptions = {}): Promise<LockConnection> {
  const locks = new Locks(url, options.onLost ?? (() => {}));
  await locks.open();
  return locks;
}

class Locks implements LockConnection {
  readonly #url: string;
  readonly #onLost: () => void;
  readonly #ending = new AbortController();
  readonly #wanted = new Set<string>();
  readonly #held = new Set<string>();
  readonly #asked = new Map<string, Promise<boolean>>();
  #client: Client | null = null;
  /** The server's process for the last connection: it may live on, and hold the locks, after this side has lost it. */
  #backend: Backend | null = null;
  #keeping: Promise<void> = Promise.resolve();
  #nap = new AbortController();

  constructor(url: string, onLost: () => void) {
    this.#url = url;
    this.#onLost = onLost;
  }

  async open(): Promise<void> {
    await this.#connect(OPEN_MS).catch((cause: unknown) => {
      throw new UnavailableError('The database cannot be reached.', { code: 'database_unavailable', cause });
    });
    this.#keeping = this.#keep();
  }

  holds(key: string): boolean {
    return this.#held.has(key);
  }

  async tryLock(key: string): Promise<boolean> {
    if (this.#held.has(key)) return true;
    // Asked twice, it would be held twice, and one unlock would not free it.
    const asked = this.#asked.get(key) ?? this.#take(key).finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  async lock(key: string): Promise<void> {
    const endsAtMs = performance.now() + LOCK.withinMs;
    while (!(await this.tryLock(key))) {
      if (performance.now() > endsAtMs || this.#ending.signal.aborted) {
        throw new UnavailableError(`The lock ${key} was not to be had.`, { code: 'lock_not_taken' });
      }
      await pause(LOCK.tryEveryMs);
    }
  }

  async unlock(key: string): Promise<void> {
    await this.#asked.get(key);
    this.#wanted.delete(key);
    if (!this.#held.delete(key)) return;
    await this.#client?.query(UNLOCK, [key]).catch(() => this.#lose(this.#client));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    const client = this.#client;
    this.#client = null;
    this.#held.clear();
    await this.#keeping;
    // The server frees them before it is told that the connection ends: whoever waits for the disposal finds them free.
    await client?.query('select pg_advisory_unlock_all()').catch(() => {});
    await client?.end();
  }

  async #take(key: string): Promise<boolean> {
    const client = this.#client;
    if (!client) return false;
    try {
      const { rows } = await client.query<{ taken: boolean }>(TRY_LOCK, [key]);
      if (!rows[0]?.taken || client !== this.#client) return false;
      this.#wanted.add(key);
      this.#held.add(key);
      return true;
    } catch {
      this.#lose(client);
      return false;
    }
  }

  /** Tries the connection out all the time, and opens it again when it is gone. */
  async #keep(): Promise<void> {
    const { signal } = this.#ending;
    let pauseMs: number = RECONNECT.firstMs;
    while (!signal.aborted) {
      this.#nap = new AbortController();
      const woken = AbortSignal.any([signal, this.#nap.signal]);
      await pause(this.#client ? BEAT_MS : pauseMs, undefined, { signal: woken }).catch(() => {});
      if (signal.aborted) return;
      if (this.#client) await this.#beat(this.#client);
      else {
        const connected = await this.#connect().then(
          () => true,
          () => false,
        );
        pauseMs = connected ? RECONNECT.firstMs : Math.min(pauseMs * 2, RECONNECT.longestMs);
      }
    }
  }

  async #beat(client: Client): Promise<void> {
    await client.query('select 1').catch(() => this.#lose(client));
    await this.#takeAgain();
  }

  async #connect(withinMs: number = ANSWER_MS): Promise<void> {
    const connection = { ...CONNECTION, connectionTimeoutMillis: withinMs };
    const client = new Client({ connectionString: this.#url, ...connection });
    const lose = (): void => this.#lose(client);
    client.on('error', lose).on('end', lose);
    try {
      await client.connect();
      if (this.#backend) await client.query(END_BACKEND, [this.#backend.pid, this.#backend.since]);
      this.#backend = (await client.query<Backend>(OWN_BACKEND)).rows[0] ?? null;
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
    if (this.#ending.signal.aborted) return client.end();
    this.#client = client;
    await this.#takeAgain();
  }

  async #takeAgain(): Promise<void> {
    for (const key of this.#wanted) await this.tryLock(key);
  }

  #lose(client: Client | null): void {
    if (client === null || client !== this.#client) return;
    this.#client = null;
    this.#held.clear();
    // One that does not answer is torn down, which makes the server end its side.
    client.end().catch(() => {});
    this.#nap.abort();
    this.#onLost();
  }
}

interface Backend {
  readonly pid: number;
  readonly since: string;
}

const TRY_LOCK = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken';
const UNLOCK = 'select pg_advisory_unlock(hashtextextended($1, 0))';
const OWN_BACKEND = 'select pid, backend_start::text as since from pg_stat_activity where pid = pg_backend_pid()';
const END_BACKEND =
  "select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start = $2::timestamptz and application_name = 'oio locks'";

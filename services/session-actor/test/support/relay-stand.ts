import type { EventContract, StoredSessionEvent } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import type { Bus, ParkedMessage } from '@oio/messaging';
import { type Database, type LockConnection, openLockConnection } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { createLogger } from '@oio/runtime';
import { createPostgresHistoryTail } from '../../src/adapters/postgres-history-tail.ts';
import { type Relay, startRelay } from '../../src/relay/start-relay.ts';
import { append, newSession } from './history.ts';

interface RelayWish {
  readonly isMyTurn?: () => Promise<boolean>;
  readonly database?: Database;
  /** In place of the one that records. */
  readonly bus?: Pick<Bus, 'publish'>;
}

/** A database with a history, a bus that records and can refuse, and as many relays as the test starts. */
export class RelayStand implements AsyncDisposable {
  readonly database: Database;
  readonly url: string;
  /** What the bus took, in order. */
  readonly published: StoredSessionEvent[] = [];
  readonly ids: string[] = [];
  readonly parked: ParkedMessage[] = [];
  /** What the bus has against an event; by default nothing. */
  refuse: (event: StoredSessionEvent) => Error | null = () => null;
  readonly #stack: AsyncDisposableStack;
  readonly #bus: Pick<Bus, 'publish'> = {
    publish: (_: EventContract, event: unknown, { id }) => this.#take(event as StoredSessionEvent, id),
  };

  private constructor(opened: { readonly database: Database; readonly url: string }, stack: AsyncDisposableStack) {
    this.database = opened.database;
    this.url = opened.url;
    this.#stack = stack;
  }

  static async open(): Promise<RelayStand> {
    await using stack = new AsyncDisposableStack();
    const opened = stack.use(await openTestDatabase());
    return new RelayStand(opened, stack.move());
  }

  start({ isMyTurn = async () => true, database = this.database, bus = this.#bus }: RelayWish = {}): Relay {
    return this.#stack.use(
      startRelay({
        tail: createPostgresHistoryTail(database),
        bus,
        parking: { park: async (message) => void this.parked.push(message) },
        isMyTurn,
        logger: createLogger('relay', { level: 'silent' }),
      }),
    );
  }

  async locks(): Promise<LockConnection> {
    return this.#stack.use(await openLockConnection(this.url));
  }

  /** A session with so many events, each in a transaction of its own. */
  async session(events: number): Promise<string> {
    const id = await newSession(this.database);
    for (let seq = 1; seq <= events; seq += 1) await this.append(id, seq);
    return id;
  }

  async append(sessionId: string, seq: number): Promise<void> {
    await append((sql, parameters) => this.database.query(sql, parameters), sessionId, seq);
  }

  /** The numbers of the events of a session as they were published. */
  seqs(sessionId: string): readonly number[] {
    return this.published.filter((event) => event.sessionId === sessionId).map(({ seq }) => seq);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #take(event: StoredSessionEvent, id: string): Promise<void> {
    // As on a real bus, the acknowledgement comes later than the call returns.
    await new Promise((resolve) => setImmediate(resolve));
    const refusal = this.refuse(event);
    if (refusal) throw refusal;
    this.published.push(event);
    this.ids.push(id);
  }
}

export function away(): UnavailableError {
  return new UnavailableError('It is away.');
}

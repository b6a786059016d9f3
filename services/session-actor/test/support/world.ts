import { randomUUID } from 'node:crypto';
import {
  type CommandReply,
  type NewSessionInput,
  type SessionCommandName,
  type SessionCommandPayload,
  SESSION_EVENT_TYPES,
  sessionCommands,
  sessionEvents,
  type StoredSessionEvent,
} from '@oio/contracts';
import { readSnapshot, type SessionSnapshot, type StoredSession } from '@oio/domain';
import { type Bus, createInProcessBus, type Envelope, serviceEnvelope } from '@oio/messaging';
import { createInProcessOwnerDirectory, createSessionRouter, type OwnerDirectory } from '@oio/ownership';
import { type Database, openLockConnection, storedSession } from '@oio/persistence';
import { openTestDatabase, type TestDatabase } from '@oio/persistence/testing';
import { createLogger, newId, parseConfig } from '@oio/runtime';
import { sessionActorConfig, startSessionActor } from '../../src/index.ts';
import { FakeGateway } from './fake-gateway.ts';
import { type GatedDatabase, gate } from './gated-database.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

export const SERVER = 'server-1';
/** A machine under load is no reason to ask twice. */
const PATIENT = { patienceMs: 60_000, allWithinMs: 120_000 };

/** One session-actor and what the test can do to it. */
export interface TestActor {
  readonly incarnation: string;
  readonly clock: TestClock;
  readonly database: GatedDatabase;
  stop(): Promise<void>;
  /** Its locks fall free, as with the end of its process. */
  dropLocks(): Promise<void>;
}

/** A database, a bus, an opencode-gateway that only records, and as many session-actors as the test starts. */
export class World implements AsyncDisposable {
  readonly database: Database;
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly gateway: FakeGateway;
  /** All events that were published, in order. */
  readonly published: StoredSessionEvent[] = [];
  readonly #router;
  readonly #stack: AsyncDisposableStack;

  /** The rhythm of injected faults, kept by the database. */
  async pace(ms: number): Promise<void> {
    await this.database.query('select pg_sleep($1)', [ms / 1_000]);
  }

  readonly #url: string;

  private constructor({ database, url }: TestDatabase, stack: AsyncDisposableStack) {
    this.database = database;
    this.#url = url;
    this.#stack = stack;
    this.bus = stack.use(createInProcessBus());
    this.directory = stack.use(createInProcessOwnerDirectory());
    this.gateway = stack.use(new FakeGateway(this.bus));
    this.#router = createSessionRouter(this.bus, this.directory, PATIENT);
  }

  static async open(): Promise<World> {
    await using stack = new AsyncDisposableStack();
    const opened = stack.use(await openTestDatabase());
    const { database } = opened;
    const world = new World(opened, stack.move());
    const contracts = SESSION_EVENT_TYPES.map((type) => sessionEvents[type]);
    await world.bus.subscribe(contracts, { handler: (event) => void world.published.push(event) });
    await world.gateway.inspects();
    await database.query("insert into leaders values ('scheduler', $1::uuid, 1, now() + interval '1 hour')", [
      randomUUID(),
    ]);
    return world;
  }

  async startActor(settings: Record<string, string> = {}): Promise<TestActor> {
    const clock = createTestClock();
    const database = gate(this.database);
    const known = await this.#incarnations();
    const logger = createLogger('session-actor', { level: 'silent' });
    const locks = this.#stack.use(await openLockConnection(this.#url));
    const ports = {
      bus: this.bus,
      directory: this.directory,
      database,
      locks,
      parking: { park: async () => {} },
      clock,
      logger,
    };
    const actor = this.#stack.use(await startSessionActor(parseConfig(sessionActorConfig, settings), ports));
    const incarnation = (await this.#incarnations()).find((id) => !known.includes(id)) ?? '';
    return {
      incarnation,
      clock,
      database,
      stop: async () => actor[Symbol.asyncDispose](),
      dropLocks: async () => locks[Symbol.asyncDispose](),
    };
  }

  /** What a client asks; `as` tells who it is, `id` is the id of the command. */
  async create(input: Partial<NewSessionInput> = {}, more: Partial<Envelope> = {}): Promise<CommandReply> {
    const sessionId = more.sessionId ?? input.id ?? newId();
    const payload = { title: 'Add a parser', prompt: 'Add a parser.', ...input };
    return this.#router.send('create', payload, { ...client(sessionId), ...more, sessionId });
  }

  async send<N extends SessionCommandName>(
    sessionId: string,
    name: N,
    payload: SessionCommandPayload<N>,
    { to, ...more }: Partial<Envelope> & { readonly to?: string } = {},
  ): Promise<CommandReply> {
    const envelope = { ...serviceEnvelope('test', { tenant: 'acme' }), ...more, sessionId };
    if (to === undefined) return this.#router.send(name, payload as never, envelope);
    return this.bus.request(sessionCommands[name], payload as never, envelope, { to: `worker.${to}` });
  }

  /** The types of a session's events, in order. */
  async history(sessionId: string): Promise<readonly string[]> {
    const rows = await this.database.query<{ type: string }>(
      'select type from session_events where session_id = $1::uuid order by seq',
      [sessionId],
    );
    return rows.map(({ type }) => type);
  }

  /** As a client of the tenant. */
  order<N extends SessionCommandName>(
    sessionId: string,
    name: N,
    payload: SessionCommandPayload<N>,
    more: Partial<Envelope> = {},
  ) {
    return this.send(sessionId, name, payload, { ...client(sessionId), id: randomUUID(), ...more });
  }

  /** Straight to one worker, whether it is the owner or not. */
  async askAt(to: string | null, sessionId: string, more: Partial<Envelope> = {}): Promise<CommandReply> {
    const envelope = { ...client(sessionId), id: randomUUID(), ...more };
    return this.bus.request(sessionCommands.checkpoint, { data: {} }, envelope, to ? { to: `worker.${to}` } : {});
  }

  /** A session that runs on the server. */
  async running(input: Partial<NewSessionInput> = {}): Promise<string> {
    const { sessionId } = await this.create(input);
    await this.send(sessionId, 'dispatch', { serverId: SERVER, schedulerEpoch: 1 });
    return sessionId;
  }

  async stored(sessionId: string): Promise<StoredRow | null> {
    const [row] = await this.database.query<Omit<StoredRow, 'snapshot'>>(STORED, [sessionId]);
    return row ? { ...row, snapshot: readSnapshot(row) } : null;
  }

  /** The command ids of the history, in order. */
  async commandIds(sessionId: string): Promise<readonly string[]> {
    const rows = await this.database.query<{ id: string }>(
      'select command_id as id from session_events where session_id = $1::uuid and command_id is not null order by seq',
      [sessionId],
    );
    return rows.map(({ id }) => id);
  }

  /** The worker's lease has run out so many seconds ago, as if it had not been renewed for long. */
  async expire(incarnation: string, secondsAgo = 1): Promise<void> {
    await this.database.query(
      'update workers set lease_until = now() - make_interval(secs => $2) where incarnation = $1::uuid',
      [incarnation, secondsAgo],
    );
    await this.directory.withdraw(incarnation);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #incarnations(): Promise<readonly string[]> {
    const rows = await this.database.query<{ incarnation: string }>('select incarnation from workers');
    return rows.map(({ incarnation }) => incarnation);
  }
}

const STORED = `select ${storedSession('sessions')}, version::int as version, owner_epoch::int as epoch, owner
from sessions where id = $1::uuid`;

interface StoredRow extends StoredSession {
  /** Null when it cannot be read. */
  readonly snapshot: SessionSnapshot | null;
  readonly version: number;
  readonly epoch: number;
  readonly owner: string | null;
}

export function client(sessionId: string, tenant = 'acme'): Envelope & { readonly sessionId: string } {
  const id = randomUUID();
  return { id, correlationId: id, causationId: null, tenant, principal: 'user:ada', sessionId };
}

import {
  type CommandReply,
  historyGrown,
  type SessionCommandName,
  sessionCommands,
  type StoredSessionEvent,
  type WorkspaceInUse,
} from '@oio/contracts';
import {
  attemptToken,
  decide,
  decideCreate,
  type DecisionContext,
  dependenciesOf,
  type DependencyOutcome,
  emptyResumePoint,
  isTerminal,
  readSnapshot,
  type SessionCommand,
  type SessionSnapshot,
  type StoredSession,
} from '@oio/domain';
import { ConflictError } from '@oio/errors';
import { type Bus, type Envelope, type Handler, type Handlers, serveAll, serviceEnvelope } from '@oio/messaging';
import { type OwnerDirectory, workerAddress } from '@oio/ownership';
import { commitSessions, type Database, storedSession } from '@oio/persistence';
import { newId, newMessageId } from '@oio/runtime';
import { createdData, type SessionWish } from './created-data.ts';

const CLAIM = `
update sessions set owner = $2::uuid, owner_epoch = owner_epoch + 1
where id = $1::uuid and (owner is null or owner = $2::uuid
  or not exists (select 1 from workers w where w.incarnation = sessions.owner and w.lease_until > now()))
returning owner_epoch::int as epoch, ${storedSession('sessions')}`;

const WORKSPACE: WorkspaceInUse = {
  path: '/project/one',
  root: '/project/one',
  kind: 'worktree',
  branch: 'oio/one',
  baseRevision: 'a'.repeat(40),
  repositoryRoot: '/project',
};

interface Owned {
  snapshot: SessionSnapshot;
  readonly epoch: number;
}

export interface FakeSessionActorPorts {
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly database: Database;
}

/** Owns sessions, decides with the real domain and commits with the real statement; runs nothing. */
export class FakeSessionActor implements AsyncDisposable {
  readonly incarnation = newId();
  /** The commands that it has answered, in order. */
  readonly commands: {
    readonly name: SessionCommandName;
    readonly envelope: Envelope;
    readonly reply: CommandReply;
  }[] = [];
  /** What it has committed, in order. */
  readonly history: StoredSessionEvent[] = [];
  /** The events that get lost on their way. */
  loses: (event: StoredSessionEvent) => boolean = () => false;
  readonly #ports: FakeSessionActorPorts;
  readonly #owned = new Map<string, Owned>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #ends: (() => Promise<void>)[] = [];

  constructor(ports: FakeSessionActorPorts) {
    this.#ports = ports;
  }

  static async start(ports: FakeSessionActorPorts): Promise<FakeSessionActor> {
    const actor = new FakeSessionActor(ports);
    await actor.#enter();
    return actor;
  }

  /** Accepts a session, queued at once. */
  async submit(wish: Omit<SessionWish, 'id'> = {}): Promise<string> {
    const id = newId();
    const { events, next } = decideCreate(id, createdData({ id, ...wish }), await this.#context(newId(), 1));
    await this.#commit({ next, events, epoch: 1, fromVersion: 0, owner: this.incarnation, schedulerEpoch: null });
    await this.#ports.directory.claim(id, this.incarnation);
    this.#owned.set(id, { snapshot: next, epoch: 1 });
    this.#tell(events);
    return id;
  }

  /** Does what a client or an opencode-gateway would order. */
  async order(id: string, command: SessionCommand): Promise<CommandReply> {
    return this.#inTurn(id, () => this.#handle(id, command, { ...serviceEnvelope('test'), sessionId: id }));
  }

  /** Its attempt has a workspace and a first checkpoint, from which it can be retried. */
  async prepare(id: string): Promise<void> {
    const payload = { token: this.#tokenOf(id), workspace: WORKSPACE, resume: emptyResumePoint('ses_1') };
    await this.order(id, { name: 'report-prepared', payload });
  }

  async complete(id: string): Promise<void> {
    const resume = emptyResumePoint();
    const payload = { token: this.#tokenOf(id), steps: [], resume, result: null, commit: null };
    await this.order(id, { name: 'report-completed', payload });
  }

  snapshot(id: string): SessionSnapshot {
    const owned = this.#owned.get(id);
    if (!owned) throw new Error(`It does not own ${id}.`);
    return owned.snapshot;
  }

  /** The sessions that run or have run, in the order in which they began. */
  get dispatched(): string[] {
    return this.history
      .filter(({ type, data }) => type === 'session.running' && 'from' in data && data.from !== 'degraded')
      .map(({ sessionId }) => sessionId);
  }

  /** Vanishes without a word, as a killed process does; its lease has ended. */
  async die(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()));
    await this.#ports.directory.withdraw(this.incarnation);
    await this.#ports.database.query(
      `update workers set lease_until = now() - interval '1 second' where incarnation = $1::uuid`,
      [this.incarnation],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()));
  }

  async #enter(): Promise<void> {
    const { bus, directory, database } = this.#ports;
    await database.query(`insert into workers values ($1::uuid, now() + interval '1 hour', now(), 'test', 1)`, [
      this.incarnation,
    ]);
    await directory.renew(this.incarnation, 3_600_000);
    const handlers = Object.fromEntries(
      Object.keys(sessionCommands).map((name) => [name, this.#handler(name as SessionCommandName)]),
    ) as Handlers<typeof sessionCommands>;
    this.#ends.push(await serveAll(bus, sessionCommands, handlers, { at: workerAddress(this.incarnation) }));
    this.#ends.push(await serveAll(bus, sessionCommands, handlers));
  }

  #tokenOf(id: string): string {
    const { attempt } = this.snapshot(id);
    if (!attempt) throw new Error('It does not run.');
    return attemptToken(attempt);
  }

  #handler(name: SessionCommandName): Handler<never> {
    const handle: Handler<(typeof sessionCommands)[SessionCommandName]> = ({ payload, envelope }) => {
      const id = envelope.sessionId ?? '';
      if (name === 'create') return this.#inTurn(id, () => this.#create(id, payload as SessionWish, envelope));
      return this.#inTurn(id, () => this.#handle(id, { name, payload } as SessionCommand, envelope));
    };
    return handle;
  }

  /** A session that is there already was made by the same submission. */
  async #create(id: string, { concurrencyKey }: SessionWish, envelope: Envelope): Promise<CommandReply> {
    const known = this.#owned.get(id);
    if (known) return this.#answer('create', envelope, known.snapshot, 'repeated');
    const wish = { id, ...(concurrencyKey && { concurrencyKey }) };
    const { events, next } = decideCreate(id, createdData(wish), await this.#context(envelope.id, 1));
    await this.#commit({ next, events, epoch: 1, fromVersion: 0, owner: this.incarnation, schedulerEpoch: null });
    this.#owned.set(id, { snapshot: next, epoch: 1 });
    this.#tell(events);
    return this.#answer('create', envelope, next, 'applied');
  }

  async #handle(id: string, command: SessionCommand, envelope: Envelope): Promise<CommandReply> {
    const { snapshot, epoch } = this.#owned.get(id) ?? (await this.#claim(id));
    const known = this.commands.find(
      (earlier) => earlier.envelope.id === envelope.id && earlier.envelope.sessionId === id,
    );
    if (known) return { ...known.reply, outcome: 'repeated' };
    const decision = decide(snapshot, command, {
      ...(await this.#context(envelope.id, epoch)),
      dependencies: this.#dependencies(snapshot),
    });
    if (decision.kind === 'refused') throw decision.error;
    if (decision.kind === 'nothing') return this.#answer(command.name, envelope, snapshot, 'stale');
    const schedulerEpoch = command.name === 'dispatch' ? command.payload.schedulerEpoch : null;
    const { next, events } = decision;
    if (events.length > 0) {
      await this.#commit({
        next,
        events,
        epoch,
        fromVersion: snapshot.version,
        owner: this.incarnation,
        schedulerEpoch,
      });
    }
    this.#owned.set(id, { snapshot: next, epoch });
    this.#tell(events);
    return this.#answer(command.name, envelope, next, 'applied');
  }

  #answer(
    name: SessionCommandName,
    envelope: Envelope,
    { id, version, status }: SessionSnapshot,
    outcome: CommandReply['outcome'],
  ): CommandReply {
    const reply = { sessionId: id, version, status, outcome, session: null };
    this.commands.push({ name, envelope, reply });
    return reply;
  }

  async #commit(entry: Parameters<typeof commitSessions>[1][number]): Promise<void> {
    const committed = await commitSessions(this.#ports.database, [entry]);
    if (!committed.has(entry.next.id)) throw new ConflictError('The commit lost its check.', { code: 'lost' });
    this.history.push(...entry.events);
  }

  #tell(events: readonly StoredSessionEvent[]): void {
    const told = events.filter((event) => !this.loses(event));
    this.#ports.bus.announce(historyGrown, { owner: this.incarnation, events: told, larger: [] });
  }

  async #claim(id: string): Promise<Owned> {
    const [row] = await this.#ports.database.query<StoredSession & { epoch: number }>(CLAIM, [id, this.incarnation]);
    const snapshot = row && readSnapshot(row);
    if (!snapshot) throw new ConflictError('A living worker owns it.', { code: 'not_owner', facts: { owner: null } });
    await this.#ports.directory.claim(id, this.incarnation);
    const owned = { snapshot, epoch: row.epoch };
    this.#owned.set(id, owned);
    return owned;
  }

  async #context(commandId: string, epoch: number): Promise<DecisionContext> {
    const now = (await this.#ports.database.now()).toISOString();
    return { now, cause: { kind: 'system', id: 'test' }, commandId, epoch, random: 0.5, messageId: newMessageId() };
  }

  #dependencies({ session }: SessionSnapshot): DependencyOutcome[] {
    return dependenciesOf(session).map(({ session: id }) => {
      const { status, timers } = this.snapshot(id);
      return { id, status, settled: isTerminal(status) && Object.keys(timers).length === 0, result: null };
    });
  }

  #inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(task, task);
    this.#turns.set(
      id,
      turn.catch(() => {}),
    );
    return turn;
  }
}

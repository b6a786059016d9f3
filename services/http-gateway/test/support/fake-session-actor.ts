import {
  createSessions,
  historyGrown,
  type CommandReply,
  inspectPlace,
  type NewSession,
  type PayloadOf,
  type ReplyOf,
  type SessionCommandName,
  sessionCommands,
} from '@oio/contracts';
import {
  type Decision,
  type DecisionContext,
  decide,
  decideCreate,
  readSnapshot,
  type SessionCommand,
  type SessionSnapshot,
  type StoredSession,
  toSessionView,
} from '@oio/domain';
import { ConflictError, InvalidError, NotFoundError, toRefusal } from '@oio/errors';
import { type Bus, type Envelope, type Handler, type Handlers, serveAll } from '@oio/messaging';
import { commitSessions, type Database, storedSession } from '@oio/persistence';
import { type Clock, newId, newMessageId } from '@oio/runtime';

const OWNER = newId();
const EPOCH = 1;

interface Parts {
  readonly bus: Bus;
  readonly database: Database;
  readonly clock: Clock;
}

/** Answers the commands of sessions by the real domain and the real commit statement, without ownership. One command at a time. */
export class FakeSessionActor {
  /** Ids of the commands that came, repetitions included. */
  readonly received: string[] = [];
  /** When set, nothing is told of what is committed. */
  mute = false;
  readonly #parts: Parts;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  static async serve(parts: Parts): Promise<FakeSessionActor> {
    const actor = new FakeSessionActor(parts);
    const names = Object.keys(sessionCommands) as SessionCommandName[];
    const handlers = Object.fromEntries(names.map((name) => [name, actor.#handler(name)]));
    await serveAll(parts.bus, sessionCommands, handlers as unknown as Handlers<typeof sessionCommands>);
    await parts.bus.serve(createSessions, ({ payload, envelope }) => actor.#createAll(payload, envelope));
    return actor;
  }

  /** Sends a session a command, as another service would. */
  async command(sessionId: string, command: SessionCommand): Promise<void> {
    const id = newId();
    const envelope = {
      id,
      correlationId: id,
      causationId: null,
      tenant: 'system',
      principal: 'service:test',
      sessionId,
    };
    await this.#inTurn(() => this.#execute(command, envelope));
  }

  #handler(name: SessionCommandName): Handler<(typeof sessionCommands)['create']> {
    return ({ payload, envelope }) => {
      this.received.push(envelope.id);
      return this.#inTurn(() =>
        name === 'create' ? this.#create(payload, envelope) : this.#execute({ name, payload } as never, envelope),
      );
    };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => {});
    return mine;
  }

  async #execute(command: SessionCommand, envelope: Envelope): Promise<CommandReply> {
    const snapshot = await this.#snapshot(envelope.sessionId ?? '');
    const isService = envelope.principal.startsWith('service:');
    const isVisible = snapshot?.tenant === envelope.tenant && !snapshot.deletedAt;
    if (!snapshot || !(isService || isVisible)) throw new NotFoundError(`There is no session ${envelope.sessionId}.`);
    if (await this.#isDone(snapshot.id, envelope.id)) return this.#reply(snapshot, 'repeated');
    const decision = decide(snapshot, command, this.#context(envelope));
    if (decision.kind === 'refused') throw decision.error;
    if (decision.kind === 'nothing') return this.#reply(snapshot, 'stale');
    return this.#store(decision, snapshot.version);
  }

  async #create(session: NewSession, envelope: Envelope): Promise<CommandReply> {
    const id = session.id ?? envelope.sessionId ?? newId();
    const { directory, workspace, agent, agentConfig, model, cpuLimit, memoryLimitMb } = session;
    const models = model ? [{ field: 'model', model }] : [];
    const agentConfigNames = Object.keys(agentConfig);
    const question = { directory, workspace, agent, agentConfigNames, models, cpuLimit, memoryLimitMb };
    const { place, violations } = await this.#parts.bus.request(inspectPlace, question, envelope);
    if (!place || violations.length > 0) throw new InvalidError('The session cannot be accepted.', { violations });
    const known = await this.#snapshot(id);
    if (known && (await this.#isDone(id, envelope.id))) return this.#reply(known, 'repeated');
    const data = {
      tenant: envelope.tenant,
      createdBy: envelope.principal,
      session: {
        ...session,
        id,
        maxDurationSeconds: session.maxDurationSeconds ?? 3_600,
        approvalSeconds: session.approvalSeconds ?? 900,
      },
      place,
      policy: { checkpointIntervalSeconds: 300, maxRetries: 3 },
    };
    return this.#store(decideCreate(id, data, this.#context(envelope)), 0);
  }

  async #createAll({ sessions }: PayloadOf<typeof createSessions>, envelope: Envelope) {
    const reply: ReplyOf<typeof createSessions> = { accepted: [], refused: [] };
    for (const { index, id, session } of sessions) {
      const own = { ...envelope, id: `${envelope.id}:${index}`, sessionId: id };
      this.received.push(own.id);
      await this.#inTurn(() => this.#create(session, own)).then(
        ({ status }) => void reply.accepted.push({ index, id, status }),
        (error: unknown) => void reply.refused.push({ index, ...toRefusal(error) }),
      );
    }
    return reply;
  }

  async #store({ next, events }: Extract<Decision, { kind: 'events' }>, fromVersion: number): Promise<CommandReply> {
    const entry = { next, events, epoch: EPOCH, fromVersion, owner: OWNER, schedulerEpoch: null };
    const committed = await commitSessions(this.#parts.database, [entry]);
    if (!committed.has(next.id)) throw new ConflictError('The id is in use.', { code: 'id_taken' });
    if (!this.mute) this.#parts.bus.announce(historyGrown, { owner: OWNER, events: [...events], larger: [] });
    return this.#reply(next, 'applied');
  }

  async #snapshot(id: string): Promise<SessionSnapshot | null> {
    const sql = `select ${storedSession('sessions')} from sessions where id = $1::uuid`;
    const [row] = await this.#parts.database.query<StoredSession>(sql, [id]);
    return row ? readSnapshot(row) : null;
  }

  async #isDone(id: string, commandId: string): Promise<boolean> {
    const sql = 'select 1 from session_events where session_id = $1::uuid and command_id = $2';
    return (await this.#parts.database.query(sql, [id, commandId])).length > 0;
  }

  #context(envelope: Envelope): DecisionContext {
    return {
      now: this.#parts.clock.now(),
      cause: { kind: 'principal', id: envelope.principal },
      commandId: envelope.id,
      epoch: EPOCH,
      random: 0,
      messageId: newMessageId(),
    };
  }

  #reply(snapshot: SessionSnapshot, outcome: CommandReply['outcome']): CommandReply {
    const { id, version, status } = snapshot;
    return { sessionId: id, version, status, outcome, session: toSessionView(snapshot, this.#parts.clock.now()) };
  }
}

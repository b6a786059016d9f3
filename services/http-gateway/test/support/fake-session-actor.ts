import {
  type CommandReply,
  inspectPlace,
  type NewSession,
  type SessionCommandName,
  sessionCommands,
  sessionEvents,
  type StoredSessionEvent,
} from '@oio/contracts';
import {
  type Decision,
  decide,
  decideCreate,
  type SessionCommand,
  type SessionSnapshot,
  toSessionView,
} from '@oio/domain';
import { ConflictError, InvalidError, NotFoundError } from '@oio/errors';
import { type Bus, type Envelope, type Handler, type Handlers, serveAll } from '@oio/messaging';
import { commitSessions, type Database } from '@oio/persistence';
import { type Clock, newId, newMessageId } from '@oio/runtime';

const OWNER = newId();
const EPOCH = 1;

export interface FakeSessionActor {
  /** Ids of the commands that came, repetitions included. */
  readonly received: string[];
  /** Sends a session a command, as another service would. */
  command(id: string, command: SessionCommand): Promise<void>;
  /** When set, committed events are not published. */
  mute: boolean;
}

/** Answers the commands of sessions by the real domain and the real commit statement, without ownership. One command at a time. */
export async function serveSessions({
  bus,
  database,
  clock,
}: {
  bus: Bus;
  database: Database;
  clock: Clock;
}): Promise<FakeSessionActor> {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => {});
    return mine;
  };
  const actor: FakeSessionActor = {
    received: [],
    mute: false,
    command: (id, command) => inTurn(() => execute(id, command, systemEnvelope(id)).then(() => {})),
  };

  const execute = async (id: string, command: SessionCommand, envelope: Envelope): Promise<CommandReply> => {
    const [row] = await database.query<{ snapshot: SessionSnapshot }>(
      'select snapshot from sessions where id = $1::uuid',
      [id],
    );
    const service = envelope.principal.startsWith('service:');
    if (!row || !(service || (row.snapshot.tenant === envelope.tenant && !row.snapshot.deletedAt)))
      throw new NotFoundError(`There is no session ${id}.`);
    if (await done(id, envelope.id)) return replyOf(row.snapshot, 'repeated');
    const decision = decide(row.snapshot, command, context(envelope));
    if (decision.kind === 'refused') throw decision.error;
    if (decision.kind === 'nothing') return replyOf(row.snapshot, 'stale');
    return store(decision, row.snapshot.version);
  };

  const create = async (session: NewSession, envelope: Envelope): Promise<CommandReply> => {
    const id = session.id ?? envelope.sessionId ?? newId();
    const { directory, workspace, agent, agentConfig, model, cpuLimit, memoryLimitMb } = session;
    const models = model ? [{ field: 'model', model }] : [];
    const question = {
      directory,
      workspace,
      agent,
      agentConfigNames: Object.keys(agentConfig),
      models,
      cpuLimit,
      memoryLimitMb,
    };
    const { place, violations } = await bus.request(inspectPlace, question, envelope);
    if (!place || violations.length > 0) throw new InvalidError('The session cannot be accepted.', { violations });
    if (await done(id, envelope.id)) return replyOf(await snapshotOf(id), 'repeated');
    const data = {
      tenant: envelope.tenant,
      createdBy: envelope.principal,
      session: { ...session, id, maxDurationSeconds: session.maxDurationSeconds ?? 3_600 },
      place,
      policy: { checkpointIntervalSeconds: 300, maxRetries: 3 },
    };
    return store(decideCreate(id, data, context(envelope)), 0);
  };

  const store = async (
    { next, events }: Extract<Decision, { kind: 'events' }>,
    fromVersion: number,
  ): Promise<CommandReply> => {
    const committed = await commitSessions(database, [
      { next, events, epoch: EPOCH, fromVersion, owner: OWNER, schedulerEpoch: null },
    ]);
    if (!committed.has(next.id)) throw new ConflictError('The id is in use.', { code: 'id_taken' });
    if (!actor.mute) for (const event of events) await publish(event);
    return replyOf(next, 'applied');
  };

  const context = (envelope: Envelope) => ({
    now: clock.now(),
    cause: { kind: 'principal', id: envelope.principal } as const,
    commandId: envelope.id,
    epoch: EPOCH,
    random: 0,
    messageId: newMessageId(),
  });
  const publish = (event: StoredSessionEvent) => bus.publish(sessionEvents[event.type], event as never);
  const done = async (id: string, commandId: string) =>
    (
      await database.query('select 1 from session_events where session_id = $1::uuid and command_id = $2', [
        id,
        commandId,
      ])
    ).length > 0;
  const snapshotOf = async (id: string) => {
    const [row] = await database.query<{ snapshot: SessionSnapshot }>(
      'select snapshot from sessions where id = $1::uuid',
      [id],
    );
    if (!row) throw new NotFoundError('gone');
    return row.snapshot;
  };
  const replyOf = (snapshot: SessionSnapshot, outcome: CommandReply['outcome']): CommandReply => ({
    sessionId: snapshot.id,
    version: snapshot.version,
    status: snapshot.status,
    outcome,
    session: toSessionView(snapshot, clock.now()),
  });

  const handler = (name: SessionCommandName): Handler<never> =>
    (({ payload, envelope }) => {
      actor.received.push(envelope.id);
      return inTurn(() =>
        name === 'create'
          ? create(payload as NewSession, envelope)
          : execute(envelope.sessionId ?? '', { name, payload } as SessionCommand, envelope),
      );
    }) as Handler<never>;
  const names = Object.keys(sessionCommands) as SessionCommandName[];
  await serveAll(
    bus,
    sessionCommands,
    Object.fromEntries(names.map((name) => [name, handler(name)])) as Handlers<typeof sessionCommands>,
  );
  return actor;
}

function systemEnvelope(sessionId: string): Envelope {
  return {
    id: newId(),
    correlationId: newId(),
    causationId: null,
    tenant: 'system',
    principal: 'service:test',
    sessionId,
  };
}

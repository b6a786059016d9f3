import { type CommandReply, type SessionCommandName, type StoredSessionEvent, sessionEvents } from '@oio/contracts';
import { type Decision, decide, type SessionCommand, type SessionSnapshot, toSessionView } from '@oio/domain';
import { type AppError, ConflictError, NotFoundError } from '@oio/errors';
import type { Bus, Envelope } from '@oio/messaging';
import { notOwner } from '@oio/ownership';
import { type Clock, type Logger, newMessageId } from '@oio/runtime';
import { causeOf } from './cause.ts';
import type { EffectRunner } from './effects.ts';
import type { LiveSession } from './live-session.ts';
import type { LiveSessions } from './live-sessions.ts';
import type { SessionStore } from './ports.ts';
import type { Worker } from './worker.ts';

export interface CommandParts {
  readonly sessions: LiveSessions;
  readonly store: SessionStore;
  readonly worker: Worker;
  readonly effects: EffectRunner;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Decided = Extract<Decision, { kind: 'events' }>;

/** Decides on a command and commits it. Nothing leaves (reply, event, effect) before the commit is confirmed. */
export async function executeCommand(
  parts: CommandParts,
  sessionId: string,
  command: SessionCommand,
  envelope: Envelope,
): Promise<CommandReply> {
  parts.worker.assertUnfenced();
  const session = await parts.sessions.get(sessionId);
  assertVisible(session.snapshot, envelope);
  return session.inTurn(() => handle(parts, session, command, envelope));
}

/** Publishes what was committed, in order, and starts its effects. */
export function followUp(
  parts: Pick<CommandParts, 'bus' | 'effects' | 'logger'>,
  snapshot: SessionSnapshot,
  events: readonly StoredSessionEvent[],
  effects: Decided['effects'],
): void {
  for (const event of events) {
    parts.bus.publish(sessionEvents[event.type], event as never).catch((error: unknown) => {
      parts.logger.error({ err: error, sessionId: event.sessionId, seq: event.seq }, 'event not published');
    });
  }
  for (const effect of effects) parts.effects.start(effect, snapshot);
}

/** The reply to a command; clients get the session with it. */
export function replyOf(
  snapshot: SessionSnapshot,
  outcome: CommandReply['outcome'],
  envelope: Envelope,
  now: string,
): CommandReply {
  const session = isService(envelope) ? null : toSessionView(snapshot, now);
  return { sessionId: snapshot.id, version: snapshot.version, status: snapshot.status, outcome, session };
}

async function handle(
  parts: CommandParts,
  session: LiveSession,
  command: SessionCommand,
  envelope: Envelope,
): Promise<CommandReply> {
  parts.worker.assertUnfenced();
  const { snapshot } = session;
  const children =
    command.name === 'report-completed' && snapshot.childIds.length > 0
      ? await parts.store.childOutcomes(snapshot.id)
      : undefined;
  const now = parts.clock.now();
  const decision = decide(snapshot, command, {
    now,
    cause: causeOf(command.name, envelope),
    commandId: envelope.id,
    epoch: session.epoch,
    random: Math.random(),
    messageId: newMessageId(Date.parse(now)),
    ...(children && { children }),
  });
  if (decision.kind !== 'events') return withoutEffect(parts, snapshot, decision, envelope, now);
  const outcome = await commit(parts, session, decision, command);
  if (outcome === 'applied') followUp(parts, decision.next, decision.events, decision.effects);
  return replyOf(session.snapshot, outcome, envelope, now);
}

/** Refused, or too late; unless it is the repetition of a command that was applied: then it has its outcome already. */
async function withoutEffect(
  parts: CommandParts,
  snapshot: SessionSnapshot,
  decision: Exclude<Decision, Decided>,
  envelope: Envelope,
  now: string,
): Promise<CommandReply> {
  if (await parts.store.hasOutcome(snapshot.id, envelope.id)) return replyOf(snapshot, 'repeated', envelope, now);
  if (decision.kind === 'refused') throw decision.error;
  return replyOf(snapshot, 'stale', envelope, now);
}

async function commit(
  parts: CommandParts,
  session: LiveSession,
  decision: Decided,
  command: SessionCommand,
): Promise<'applied' | 'repeated'> {
  if (decision.events.length === 0) return 'applied';
  const { snapshot, epoch } = session;
  const schedulerEpoch = command.name === 'dispatch' ? command.payload.schedulerEpoch : null;
  const entry = {
    next: decision.next,
    events: decision.events,
    epoch,
    fromVersion: snapshot.version,
    owner: parts.worker.incarnation,
    schedulerEpoch,
  };
  const outcome = await parts.store.commit(entry).catch((error: unknown) => {
    parts.sessions.drop(snapshot.id);
    throw error;
  });
  if (outcome === 'committed') {
    session.apply(decision.events);
    return 'applied';
  }
  if (outcome === 'repeated') return 'repeated';
  throw await lost(parts, session, command.name);
}

/** Why a commit lost its check: another owner took over, or the scheduler that ordered the dispatch is no longer the active one. */
async function lost(parts: CommandParts, session: LiveSession, command: SessionCommandName): Promise<AppError> {
  const { id, version } = session.snapshot;
  const row = await parts.store.ownership(id);
  if (command === 'dispatch' && row?.epoch === session.epoch && row.version === version) {
    return new ConflictError('The scheduler that ordered this is no longer the active one.', {
      code: 'scheduler_deposed',
    });
  }
  parts.sessions.drop(id);
  if (row?.epoch === session.epoch)
    parts.logger.error({ sessionId: id, expected: version, found: row.version }, 'version moved under its own epoch');
  return notOwner(id, row?.owner === parts.worker.incarnation ? null : (row?.owner ?? null));
}

/** A session of another tenant does not exist for the caller, and neither does a deleted one. */
function assertVisible(snapshot: SessionSnapshot, envelope: Envelope): void {
  if (isService(envelope) || (snapshot.tenant === envelope.tenant && snapshot.deletedAt === null)) return;
  throw new NotFoundError(`There is no session ${snapshot.id}.`, { code: 'session_not_found' });
}

function isService(envelope: Envelope): boolean {
  return envelope.principal.startsWith('service:');
}

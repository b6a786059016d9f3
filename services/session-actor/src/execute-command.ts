import type { CommandReply, SessionCommandName, StoredSessionEvent } from '@oio/contracts';
import {
  type Decision,
  decide,
  dependenciesOf,
  type SessionCommand,
  type SessionSnapshot,
  toSessionView,
} from '@oio/domain';
import { type AppError, ConflictError } from '@oio/errors';
import type { Bus, Envelope } from '@oio/messaging';
import { type GatewayRouter, notOwner } from '@oio/ownership';
import { type Clock, type Logger, newMessageId } from '@oio/runtime';
import { causeOf } from './cause.ts';
import { commitEntry } from './commit-entry.ts';
import { type EffectRunner, effectsOnParent } from './effects.ts';
import { type Findings, findOut } from './find-out.ts';
import type { HistoryBell } from './history-bell.ts';
import type { LiveSession } from './live-session.ts';
import { type LiveSessions, noSuchSession } from './live-sessions.ts';
import type { SessionStore } from './ports.ts';
import type { Worker } from './worker.ts';

export interface CommandParts {
  readonly sessions: LiveSessions;
  readonly store: SessionStore;
  readonly worker: Worker;
  readonly effects: EffectRunner;
  readonly bell: HistoryBell;
  readonly bus: Bus;
  readonly gateways: GatewayRouter;
  /** Aborted with the refusal to give when the worker is about to hand its sessions over. */
  readonly leaving: AbortSignal;
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
  for (;;) {
    parts.worker.assertUnfenced();
    const session = await parts.sessions.get(sessionId);
    assertVisible(session.snapshot, envelope);
    // Before its turn: whatever it takes holds up nobody else.
    const findings = await findOut(parts, session.snapshot, command, envelope);
    const reply = await session.inTurn(async () =>
      session.retired ? null : handle(parts, session, { command, findings }, envelope),
    );
    // Retired while the command waited: all that waited go on, in their order, to the session as it is loaded anew.
    if (reply) return reply;
  }
}

/** A session of another tenant does not exist for the caller, and neither does a deleted one. */
function assertVisible(snapshot: SessionSnapshot, envelope: Envelope): void {
  if (isService(envelope) || (snapshot.tenant === envelope.tenant && snapshot.deletedAt === null)) return;
  throw noSuchSession(snapshot.id);
}

/** Has what was committed published, and starts its effects. */
export function followUp(
  parts: Pick<CommandParts, 'bell' | 'effects'>,
  snapshot: SessionSnapshot,
  events: readonly StoredSessionEvent[],
  effects: Decided['effects'],
): void {
  parts.bell.ring(events);
  for (const effect of [...effects, ...effectsOnParent(snapshot, events)]) parts.effects.start(effect, snapshot);
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

/** A command, and what was found out for it outside of the session's turn. */
interface Asked {
  readonly command: SessionCommand;
  readonly findings: Findings;
}

async function handle(
  parts: CommandParts,
  session: LiveSession,
  { command, findings }: Asked,
  envelope: Envelope,
): Promise<CommandReply> {
  parts.worker.assertUnfenced();
  // Somebody found it without an owner. What is in memory may have lost it without knowing, and need not notice for long.
  if (command.name === 'adopt') await assertStillOwned(parts, session);
  const children = await childOutcomes(parts.store, session.snapshot, command.name);
  const dependencies = await dependencyOutcomes(parts.store, session.snapshot, command.name);
  const now = parts.clock.now();
  const decision = decide(session.snapshot, command, {
    now,
    cause: causeOf(command.name, envelope),
    commandId: envelope.id,
    epoch: session.epoch,
    random: Math.random(),
    // Made only where it is asked for: by a dispatch, and where a further prompt begins.
    get messageId() {
      return newMessageId(Date.parse(now), lastMessageId(session.snapshot, command));
    },
    takenOver: session.takenOver,
    ...children,
    ...dependencies,
    ...findings,
  });
  if (decision.kind !== 'events') return withoutEffect(parts, session, { decision, envelope, now });
  const outcome = await commit(parts, session, decision, command, envelope.id);
  if (outcome === 'applied') followUp(parts, decision.next, decision.events, decision.effects);
  return replyOf(session.snapshot, outcome, envelope, now);
}

/** The last message of the conversation that is known: OpenCode goes by the ids of messages, and its clock may be ahead of this one. */
function lastMessageId({ checkpoints }: SessionSnapshot, { name, payload }: SessionCommand): string | null {
  const resume = name === 'report-completed' ? payload.resume : checkpoints.last?.resume;
  return resume?.lastMessageId ?? null;
}

/** Asked for only where a decision depends on it. */
async function childOutcomes(store: SessionStore, { id, childIds }: SessionSnapshot, command: SessionCommandName) {
  if (childIds.length === 0 || (command !== 'report-completed' && command !== 'child-ended')) return {};
  return { children: await store.childOutcomes(id) };
}

async function dependencyOutcomes(store: SessionStore, { session }: SessionSnapshot, command: SessionCommandName) {
  if (command !== 'settle-dependencies') return {};
  const known = await store.standing(dependenciesOf(session).map((dependency) => dependency.session));
  return { dependencies: [...known.values()] };
}

/** What came of a command that changes nothing. */
interface Ineffective {
  readonly decision: Exclude<Decision, Decided>;
  readonly envelope: Envelope;
  readonly now: string;
}

/**
 * Refused, or too late; unless it is the repetition of a command that was applied: then it has its outcome already. No commit
 * shows that the session was lost meanwhile, so that it is asked for: only its owner knows what it does not allow.
 */
async function withoutEffect(
  parts: CommandParts,
  session: LiveSession,
  { decision, envelope, now }: Ineffective,
): Promise<CommandReply> {
  await assertStillOwned(parts, session);
  const { snapshot } = session;
  if (await parts.store.hasOutcome(snapshot.id, envelope.id)) return replyOf(snapshot, 'repeated', envelope, now);
  if (decision.kind === 'refused') throw decision.error;
  return replyOf(snapshot, 'stale', envelope, now);
}

async function commit(
  parts: CommandParts,
  session: LiveSession,
  { next, events }: Decided,
  command: SessionCommand,
  commandId: string,
): Promise<'applied' | 'repeated'> {
  if (events.length === 0) return 'applied';
  const entry = {
    next,
    events,
    epoch: session.epoch,
    fromVersion: session.snapshot.version,
    owner: parts.worker.incarnation,
    schedulerEpoch: command.name === 'dispatch' ? command.payload.schedulerEpoch : null,
  };
  const outcome = await commitEntry(parts, entry, commandId).catch((error: unknown) => {
    parts.sessions.drop(session);
    throw error;
  });
  if (outcome === 'lost') throw await lost(parts, session, command.name);
  if (outcome === 'repeated') return 'repeated';
  session.apply(events);
  return 'applied';
}

/** Throws `not_owner`, and forgets the actor, when the store has the session under another epoch. */
async function assertStillOwned({ sessions, store, worker }: CommandParts, session: LiveSession): Promise<void> {
  const { id } = session.snapshot;
  const row = await store.ownership(id);
  if (row?.epoch === session.epoch) return;
  sessions.drop(session);
  throw notOwner(id, ownerBeside(worker.incarnation, row));
}

/** Why a commit lost its check: another owner took over, or the scheduler that ordered the dispatch is no longer the active one. */
async function lost(
  { sessions, store, worker, logger }: CommandParts,
  session: LiveSession,
  command: SessionCommandName,
): Promise<AppError> {
  const { id, version } = session.snapshot;
  const row = await store.ownership(id);
  const isOwner = row?.epoch === session.epoch;
  if (isOwner && command === 'dispatch' && row.version === version) {
    return new ConflictError('The scheduler that ordered this is no longer the active one.', {
      code: 'scheduler_deposed',
    });
  }
  sessions.drop(session);
  if (isOwner) {
    logger.error({ sessionId: id, expected: version, found: row.version }, 'version moved under its own epoch');
  }
  return notOwner(id, ownerBeside(worker.incarnation, row));
}

/** Whom to ask instead; nobody in particular when it is this worker itself, under a newer epoch. */
function ownerBeside(self: string, row: { readonly owner: string | null } | null): string | null {
  return row && row.owner !== self ? row.owner : null;
}

function isService(envelope: Envelope): boolean {
  return envelope.principal.startsWith('service:');
}

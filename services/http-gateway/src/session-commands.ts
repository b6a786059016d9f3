import type { ClientCommandName, CommandReply, NewSession, SessionView } from '@oio/contracts';
import { ConflictError, InvalidError, NotFoundError } from '@oio/errors';
import type { SessionEnvelope, SessionRouter } from '@oio/ownership';
import type { Clock } from '@oio/runtime';
import { claimKey, claimSubmission, noteRefusal } from './claim-key.ts';
import type { IdempotencyKeys, KeyClaim, SessionReader } from './ports.ts';
import type { Order } from './route-types.ts';
import { viewOf } from './session-views.ts';

export interface CommandParts {
  readonly router: Pick<SessionRouter, 'send' | 'sendToAny'>;
  readonly reader: SessionReader;
  readonly keys: IdempotencyKeys;
  readonly clock: Clock;
}

/** What a client's order came to. */
export interface Outcome {
  readonly session: SessionView;
  readonly commandId: string;
  /** Whether it had its effect already when the request came. */
  readonly replayed: boolean;
}

/** Submits a session. Resolves once it is durable; `onKnown` is told its id before anything can happen to it. */
export async function submitSession(
  parts: CommandParts,
  request: Order & { readonly body: NewSession },
  onKnown: (sessionId: string) => void,
): Promise<Outcome> {
  const claim = await claimSubmission(parts, request);
  onKnown(claim.sessionId);
  if (claim.known && (await parts.reader.hasOutcome(claim.sessionId, claim.commandId)))
    return replay(parts, request, claim);
  try {
    const reply = await parts.router.send('create', request.body, envelopeOf(request, claim));
    return await outcomeOf(parts, request, reply, claim);
  } catch (error) {
    if (error instanceof InvalidError) await noteRefusal(parts, request, claim.commandId);
    throw error;
  }
}

/** Sends a client's command to a session of its tenant. Resolves once its effect is durable. */
export async function commandSession(
  parts: CommandParts,
  name: Exclude<ClientCommandName, 'create'>,
  id: string,
  request: Order & { readonly body?: unknown },
): Promise<Outcome> {
  const standing = await parts.reader.standing(request.principal.tenant, id);
  if (!standing) throw noSuchSession();
  const claim = await claimKey(parts.keys, request, id);
  if (claim.known && (await parts.reader.hasOutcome(id, claim.commandId))) return replay(parts, request, claim);
  if (standing.deleted) throw noSuchSession();
  assertVersion(request.headers.ifMatch, standing.version);
  const reply = await parts.router
    .send(name, (request.body ?? {}) as never, envelopeOf(request, claim))
    .catch((error: unknown) => {
      throw error instanceof NotFoundError ? noSuchSession() : error;
    });
  return outcomeOf(parts, request, reply, claim);
}

/** The same for an id that is unknown, deleted, or another tenant's. */
export function noSuchSession(): NotFoundError {
  return new NotFoundError('There is no such session.', { code: 'session_not_found' });
}

/** The order had its effect: the session is shown as it stands now, deleted or not. */
async function replay(
  { reader, clock }: CommandParts,
  { principal }: Order,
  { sessionId, commandId }: Pick<KeyClaim, 'sessionId' | 'commandId'>,
): Promise<Outcome> {
  const snapshot = await reader.session(principal.tenant, sessionId, { deleted: true });
  if (!snapshot) throw noSuchSession();
  return { session: viewOf(snapshot, clock.now()), commandId, replayed: true };
}

async function outcomeOf(
  parts: CommandParts,
  request: Order,
  { outcome, session, sessionId }: CommandReply,
  { known, commandId }: KeyClaim,
): Promise<Outcome> {
  const replayed = known || outcome === 'repeated';
  return session
    ? { session, commandId, replayed }
    : { ...(await replay(parts, request, { sessionId, commandId })), replayed };
}

/** A check before the order is sent: it catches what a person decided on an old view, not a race in the same instant. */
export function assertVersion(expected: number | undefined, version: number, what = 'session'): void {
  if (expected === undefined || expected === version) return;
  throw new ConflictError(`The ${what} is at version ${version}, not ${expected}; read it again.`, {
    code: 'stale_version',
    facts: { version },
  });
}

/** Under the ids that the order was given. */
export function envelopeOf(
  { principal, correlationId }: Order,
  { sessionId, commandId }: { sessionId: string; commandId: string },
): SessionEnvelope {
  return {
    id: commandId,
    correlationId,
    causationId: null,
    tenant: principal.tenant,
    principal: `user:${principal.id}`,
    sessionId,
  };
}

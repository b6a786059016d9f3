import {
  type CommandReply,
  inspectPlace,
  type NewSession,
  type Place,
  type SessionCommandPayload,
  type SessionEventData,
  sessionId,
  violationsOf,
} from '@oio/contracts';
import { decideCreate, keyViolations, type SessionSnapshot, timeViolations } from '@oio/domain';
import { ConflictError, InvalidError, NotFoundError } from '@oio/errors';
import { type Envelope, serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { SessionCommit } from '@oio/persistence';
import { newId } from '@oio/runtime';
import { causeOf } from './cause.ts';
import { checkDependencies } from './check-dependencies.ts';
import { commitEntry, commitSurely } from './commit-entry.ts';
import type { SessionActorConfig } from './config.ts';
import { type ForkPoint, forkPlace, forkSource } from './fork-source.ts';
import { type CommandParts, followUp, replyOf } from './execute-command.ts';

/** The epoch of a session's first owner. */
const FIRST_EPOCH = 1;

export interface CreateParts extends CommandParts {
  readonly router: SessionRouter;
  readonly config: SessionActorConfig;
}

/** Accepts a session: the place is checked, then row and history are committed, and this worker is the owner. */
export async function createSession(
  parts: CreateParts,
  payload: SessionCommandPayload<'create'>,
  envelope: Envelope,
): Promise<CommandReply> {
  const { snapshot, outcome } = await makeSession(parts, payload, { envelope, keep: true });
  return replyOf(snapshot, outcome, envelope, parts.clock.now());
}

/** What became of a session that was asked for. */
interface Made {
  readonly snapshot: SessionSnapshot;
  readonly outcome: 'applied' | 'repeated';
}

interface Making {
  readonly envelope: Envelope;
  /** Whether the actor stays in memory, as it is likely to be wanted next. Else it is claimed by who wants it. */
  readonly keep: boolean;
}

/** The same without a reply. */
export async function makeSession(
  parts: CreateParts,
  { fork, ...request }: SessionCommandPayload<'create'>,
  { envelope, keep }: Making,
): Promise<Made> {
  parts.worker.assertUnfenced();
  const id = request.id ?? idIn(envelope);
  const found = await check(parts, { ...request, id }, { fork, envelope });
  if (!found) return alreadyThere(parts, id, envelope);
  const { entry, effects } = birthOf(parts, { ...request, id }, found, envelope);
  const { next, events } = entry;
  const outcome = await commitNew(parts, entry, envelope.id);
  if (outcome === 'in_use') await assertRepeated(parts, entry, envelope);
  if (outcome !== 'committed') return alreadyThere(parts, id, envelope);
  if (keep) parts.sessions.add(next, FIRST_EPOCH);
  followUp(parts, next, events, effects);
  return { snapshot: next, outcome: 'applied' };
}

/** The id that it is asked under, or a new one. Throws `InvalidError` for one that nobody could look it up by. */
function idIn(envelope: Envelope): string {
  if (envelope.sessionId === null) return newId();
  const { data, error } = sessionId.safeParse(envelope.sessionId);
  if (data !== undefined) return data;
  const violations = violationsOf(error).map((one) => ({ ...one, field: 'id' }));
  throw new InvalidError('The session cannot be accepted.', { violations });
}

/** Where a session works, and what it goes on from. */
type Where = Pick<SessionEventData<'session.created'>, 'place' | 'forkedFrom'>;

export type IdentifiedSession = NewSession & { readonly id: string };

/** What the birth of a session wants to have committed, and what follows from it. */
export function birthOf(parts: CreateParts, request: IdentifiedSession, where: Where, envelope: Envelope) {
  const { next, events, effects } = decide(parts, request, where, envelope);
  const owner = parts.worker.incarnation;
  return { entry: { next, events, epoch: FIRST_EPOCH, fromVersion: 0, owner, schedulerEpoch: null }, effects };
}

/** Most are committed together with others; one that may be refused for its key takes its turn. */
function commitNew(parts: CommandParts, entry: SessionCommit, commandId: string) {
  if (entry.next.session.onConflict !== 'reject') return commitEntry(parts, entry, commandId);
  return commitSurely(parts, entry, commandId, (one) => parts.store.commitUnlessInUse(one));
}

/** Its key is in use; if it is by itself, it was accepted before. */
async function assertRepeated({ store }: CommandParts, { next }: SessionCommit, envelope: Envelope): Promise<void> {
  if (await store.hasOutcome(next.id, envelope.id)) return;
  const { concurrencyKey } = next.session;
  const heldBy = await store.holdersOf(next.tenant, concurrencyKey ?? '');
  const message = `As many sessions with the concurrency key ${concurrencyKey} as may work at the same time have not ended yet: ${heldBy.join(', ')}. Wait for them, or submit it with onConflict "queue" or "cancel_oldest".`;
  throw new ConflictError(message, { code: 'concurrency_key_in_use', facts: { concurrencyKey, heldBy } });
}

/** Throws for a session that cannot be accepted. Null for one that was: it stays accepted, though it could not be any more. */
async function check(
  parts: CreateParts,
  request: IdentifiedSession,
  { fork, envelope }: { readonly fork: ForkPoint | undefined; readonly envelope: Envelope },
): Promise<Where | null> {
  try {
    const source = fork ? await forkSource(parts.store, fork, envelope.tenant) : null;
    const place = await inspect(parts, request, envelope);
    if (request.parentId) await joinParent(parts.router, request.parentId, request.id, envelope);
    return source ? { place: forkPlace(place, source), forkedFrom: source.forkedFrom } : { place };
  } catch (error) {
    if (await parts.store.hasOutcome(request.id, envelope.id)) return null;
    throw error;
  }
}

/** Where it is to work; throws `InvalidError` with all that is impossible about it. `inGraph`: sessions that come with it. */
export async function inspect(
  { gateways, clock, store }: CreateParts,
  request: IdentifiedSession,
  envelope: Envelope,
  inGraph: ReadonlySet<string> = new Set(),
): Promise<Place> {
  const { directory, workspace, agent, agentConfig, model, cpuLimit, memoryLimitMb } = request;
  const models = Object.entries(agentConfig).flatMap(([name, settings]) =>
    settings.model ? [{ field: `agentConfig.${name}.model`, model: settings.model }] : [],
  );
  const question = {
    directory,
    workspace,
    agent,
    agentConfigNames: Object.keys(agentConfig),
    models: model ? [{ field: 'model', model }, ...models] : models,
    cpuLimit,
    memoryLimitMb,
  };
  const causedBy = serviceEnvelope('session-actor', { causedBy: envelope });
  const found = await gateways.read(inspectPlace, question, causedBy);
  const dependencies = await checkDependencies(store, request, envelope.tenant, inGraph);
  const violations = [
    ...timeViolations(request, clock.now()),
    ...keyViolations(request),
    ...dependencies,
    ...found.violations,
  ];
  const { place } = found;
  if (violations.length > 0 || !place) throw new InvalidError('The session cannot be accepted.', { violations });
  return place;
}

/** A parent must exist in the same tenant; it learns of its child first, so that no child is ever unknown to it. */
async function joinParent(router: SessionRouter, parentId: string, childId: string, envelope: Envelope): Promise<void> {
  try {
    await router.send('add-child', { childId }, { ...envelope, id: `child:${childId}`, sessionId: parentId });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new InvalidError('The session cannot be accepted.', {
      violations: [
        { field: 'parentId', code: 'not_found', message: `There is no session ${parentId} that could be the parent.` },
      ],
    });
  }
}

function decide({ clock, config }: CreateParts, session: IdentifiedSession, where: Where, envelope: Envelope) {
  return decideCreate(
    session.id,
    {
      tenant: envelope.tenant,
      createdBy: envelope.principal.slice(envelope.principal.indexOf(':') + 1),
      session: {
        ...session,
        maxDurationSeconds: session.maxDurationSeconds ?? config.SESSION_TIMEOUT_SECONDS,
        approvalSeconds: session.approvalSeconds ?? config.APPROVAL_SECONDS,
      },
      ...where,
      policy: {
        checkpointIntervalSeconds: config.CHECKPOINT_INTERVAL_SECONDS,
        maxRetries: config.MAX_RETRY_ATTEMPTS,
      },
    },
    {
      now: clock.now(),
      cause: causeOf('create', envelope),
      commandId: envelope.id,
      epoch: FIRST_EPOCH,
    },
  );
}

/** The id is taken: by this very command when it came before, or by something else. Whoever owns it by now, it is only told of. */
async function alreadyThere({ store }: CommandParts, id: string, envelope: Envelope): Promise<Made> {
  const isRepeated = await store.hasOutcome(id, envelope.id);
  const snapshot = isRepeated ? await store.session(id) : null;
  if (snapshot?.tenant !== envelope.tenant) {
    throw new ConflictError(`The id ${id} is already in use.`, { code: 'id_taken' });
  }
  return { snapshot, outcome: 'repeated' };
}

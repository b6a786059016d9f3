import { type AttemptOrder, executeAttempt } from '@oio/contracts';
import { attemptToken, failureOf, isWorking, type SessionSnapshot } from '@oio/domain';
import { AppError } from '@oio/errors';
import { type Bus, serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';

/** An order that was not taken is given again after this time; one that was, is confirmed now and then, because its taker may have died. */
const ORDER_AGAIN_MS = 1_000;
const CONFIRM_MS = 10_000;
/** Without any taker for this long the session counts as degraded. */
const UNREACHABLE_MS = 10_000;

interface Order {
  readonly token: string;
  readonly since: number;
  takenAt: number | null;
  triedAt: number;
  inFlight: boolean;
  degraded: boolean;
}

/** Sees to it that every working session has an opencode-gateway at work on its attempt. Ordering twice changes nothing. */
export interface AttemptKeeper {
  ensure(snapshot: SessionSnapshot): Promise<void>;
  /** Orders again what nobody has taken, and confirms the rest. */
  tick(sessions: readonly SessionSnapshot[]): void;
}

export interface AttemptKeeperParts {
  readonly bus: Bus;
  readonly router: SessionRouter;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createAttemptKeeper(parts: AttemptKeeperParts): AttemptKeeper {
  const orders = new Map<string, Order>();

  const ensure = async (snapshot: SessionSnapshot): Promise<void> => {
    const order = orderFor(orders, snapshot, parts.clock.monotonicMs());
    if (!order || order.inFlight) return;
    order.inFlight = true;
    try {
      const state = await give(parts, snapshot, order);
      await (state ? taken(parts, snapshot, order, state) : notTaken(parts, snapshot, order));
    } finally {
      order.inFlight = false;
    }
  };

  return {
    ensure,
    tick(sessions) {
      const working = sessions.filter(({ status }) => isWorking(status));
      const ids = new Set(working.map(({ id }) => id));
      for (const id of orders.keys()) if (!ids.has(id)) orders.delete(id);
      for (const snapshot of working) {
        if (isDue(orders.get(snapshot.id), snapshot, parts.clock.monotonicMs())) {
          ensure(snapshot).catch((error: unknown) =>
            parts.logger.error({ err: error, sessionId: snapshot.id }, 'attempt not ensured'),
          );
        }
      }
    },
  };
}

function orderFor(orders: Map<string, Order>, snapshot: SessionSnapshot, now: number): Order | null {
  if (!snapshot.attempt || !isWorking(snapshot.status)) return null;
  const token = attemptToken(snapshot.attempt);
  const known = orders.get(snapshot.id);
  if (known?.token === token) return known;
  const order: Order = { token, since: now, takenAt: null, triedAt: 0, inFlight: false, degraded: false };
  orders.set(snapshot.id, order);
  return order;
}

function isDue(order: Order | undefined, snapshot: SessionSnapshot, now: number): boolean {
  if (!order || order.token !== (snapshot.attempt && attemptToken(snapshot.attempt))) return true;
  return order.takenAt === null ? now - order.triedAt >= ORDER_AGAIN_MS : now - order.takenAt >= CONFIRM_MS;
}

/** What the taker says; null when there is none. */
async function give(
  { bus, clock, logger }: AttemptKeeperParts,
  snapshot: SessionSnapshot,
  order: Order,
): Promise<Taken | null> {
  order.triedAt = clock.monotonicMs();
  const to = `server.${snapshot.attempt?.serverId}`;
  try {
    const { state } = await bus.request(executeAttempt, attemptOrder(snapshot), envelopeOf(snapshot), { to });
    order.takenAt = clock.monotonicMs();
    return state;
  } catch (error) {
    order.takenAt = null;
    logger.warn(
      { sessionId: snapshot.id, attempt: order.token, reason: error instanceof AppError ? error.code : String(error) },
      'attempt not taken by any opencode-gateway',
    );
    return null;
  }
}

type Taken = 'started' | 'already_running';

async function taken(
  { router }: AttemptKeeperParts,
  snapshot: SessionSnapshot,
  order: Order,
  state: Taken,
): Promise<void> {
  if (!order.degraded && !(state === 'started' && isUnreachable(snapshot))) return;
  await router.send('report-recovered', { token: order.token }, envelopeOf(snapshot));
  order.degraded = false;
}

async function notTaken({ router, clock }: AttemptKeeperParts, snapshot: SessionSnapshot, order: Order): Promise<void> {
  if (order.degraded || clock.monotonicMs() - order.since < UNREACHABLE_MS) return;
  const failure = failureOf(
    'server_unreachable',
    `No opencode-gateway takes orders for the OpenCode server ${snapshot.attempt?.serverId}.`,
  );
  await router.send('report-degraded', { token: order.token, failure }, envelopeOf(snapshot));
  order.degraded = true;
}

/** Said by an owner before this one, or by an opencode-gateway that no longer has the attempt. */
function isUnreachable({ status, failure }: SessionSnapshot): boolean {
  return status === 'degraded' && failure?.code === 'server_unreachable';
}

function envelopeOf(snapshot: SessionSnapshot) {
  return { ...serviceEnvelope('session-actor', { tenant: snapshot.tenant }), sessionId: snapshot.id };
}

/** All that an opencode-gateway needs to know, from the snapshot alone. */
function attemptOrder(snapshot: SessionSnapshot): AttemptOrder {
  const { attempt, session, checkpoints } = snapshot;
  if (!attempt) throw new Error(`Session ${snapshot.id} works without an attempt.`);
  return {
    sessionId: snapshot.id,
    tenant: snapshot.tenant,
    token: attemptToken(attempt),
    attempt: attempt.number,
    run: attempt.run,
    serverId: attempt.serverId,
    messageId: attempt.messageId,
    title: session.title,
    type: session.type,
    prompt: session.prompt,
    agent: session.agent,
    agentConfig: session.agentConfig,
    model: session.model,
    place: snapshot.place,
    prepared: attempt.openCodeSessionId !== null,
    lastStepId: attempt.lastStepId,
    resume: checkpoints.last?.resume ?? null,
    previousFailure: previousFailure(snapshot),
  };
}

/** Why the attempt before this one ended: the newest failure that the checkpoints' attempt left, told to the agent. */
function previousFailure(snapshot: SessionSnapshot): string | null {
  return (snapshot.attempt?.number ?? 1) > 1
    ? (snapshot.lastFailure?.message ?? 'The attempt before this one did not come to its end.')
    : null;
}

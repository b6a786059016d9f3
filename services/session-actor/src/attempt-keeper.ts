import { abortAttempt, executeAttempt } from '@oio/contracts';
import { attemptToken, failureOf, isWorking, type SessionSnapshot } from '@oio/domain';
import { AppError } from '@oio/errors';
import { type Bus, serviceEnvelope } from '@oio/messaging';
import { type GatewayRouter, gatewayAddress, type SessionRouter } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';
import { attemptOrder } from './attempt-order.ts';
import type { Fences } from './fences.ts';
import { TakersAtWork } from './takers-at-work.ts';

/** An order that was not taken is given again after this time. */
const ORDER_AGAIN_MS = 1_000;
/** Taking one means to ask the gateway that had it before, for half of this time. Another one is tried then. */
const ORDER_TIMEOUT_MS = 3_000;
const ABORT_TIMEOUT_MS = 3_000;
/** Without any taker for this long the session counts as degraded. */
const UNREACHABLE_MS = 10_000;
/** And then has failed, as when a gateway finds its server away for so long. */
const GIVEN_UP_MS = 300_000;

interface Order {
  readonly token: string;
  /** That it was given under: a gateway does nothing more under the epoch of a former claim, even of the same worker's. */
  readonly epoch: number | null;
  /** Since when nobody is known to work on it, in milliseconds of the clock's monotonic time. */
  since: number;
  /** The opencode-gateway that works on it; null while none is known to. */
  taker: string | null;
  /** The one that had the attempt before: it may still be at its end, and does one thing after the other. Asked once. */
  preferred: string | null;
  triedAt: number;
  inFlight: boolean;
  degraded: boolean;
  /** Why nobody took it, as the log has it. */
  told: string | null;
}

/** Sees to it that every working session has an opencode-gateway at work on its attempt. Ordering twice changes nothing. */
export interface AttemptKeeper {
  ensure(snapshot: SessionSnapshot): Promise<void>;
  /** Has a run ended: by its taker, or by whoever reaches the server. Throws what `Bus.request` throws. */
  abort(snapshot: SessionSnapshot, run: { readonly token: string; readonly serverId: string }): Promise<void>;
  /** Orders again what nobody has taken, or whose taker is gone. Wants to be told of all the sessions that are owned. */
  tick(sessions: readonly SessionSnapshot[]): void;
}

export interface AttemptKeeperParts {
  /** The incarnation of the worker that the orders come from. */
  readonly owner: string;
  readonly bus: Bus;
  readonly router: SessionRouter;
  readonly gateways: GatewayRouter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fences: Fences;
  /** The session as it is now, and the epoch under which it is owned here; null when it no longer is. */
  readonly loaded: (sessionId: string) => { readonly epoch: number; readonly snapshot: SessionSnapshot } | null;
}

export function createAttemptKeeper(parts: AttemptKeeperParts): AttemptKeeper {
  const orders = new Map<string, Order>();
  const { fences } = parts;
  const takers = new TakersAtWork(parts);
  const now = (): number => parts.clock.monotonicMs();
  const epochOf = ({ id }: SessionSnapshot): number | null => parts.loaded(id)?.epoch ?? null;

  const ensure = async (snapshot: SessionSnapshot): Promise<void> => {
    const order = orderFor(orders, snapshot, epochOf(snapshot), now());
    if (!order || order.inFlight || order.taker) return;
    order.inFlight = true;
    try {
      const state = await give(parts, { snapshot, order, fences });
      await (state ? taken(parts, snapshot, order, state) : notTaken(parts, snapshot, order));
    } finally {
      order.inFlight = false;
    }
  };

  return {
    ensure,
    abort: (snapshot, run) => abort(parts, snapshot, { ...run, fences, order: orders.get(snapshot.id) }),
    tick(sessions) {
      const owned = new Set(sessions.map(({ id }) => id));
      for (const id of orders.keys()) if (!owned.has(id)) orders.delete(id);
      fences.keepOnly(owned);
      const again = (snapshot: SessionSnapshot): void =>
        void ensure(snapshot).catch((error: unknown) => tellOf(parts, snapshot, error));
      const working = sessions.filter(({ status }) => isWorking(status));
      for (const snapshot of working)
        if (isDue(orders.get(snapshot.id), snapshot, epochOf(snapshot), now())) again(snapshot);
      takers.confirm(ordersTaken(working, orders), (sessionId, taker) => {
        const [order, session] = [orders.get(sessionId), parts.loaded(sessionId)];
        if (order?.taker !== taker || !session) return;
        lose(order, now());
        // As it is by now: what has ended since it was asked for is not ordered again.
        again(session.snapshot);
      });
    },
  };
}

function orderFor(
  orders: Map<string, Order>,
  snapshot: SessionSnapshot,
  epoch: number | null,
  now: number,
): Order | null {
  if (!snapshot.attempt || !isWorking(snapshot.status)) return null;
  const token = attemptToken(snapshot.attempt);
  const known = orders.get(snapshot.id);
  if (known?.token === token && known.epoch === epoch) return known;
  const preferred = known?.taker ?? null;
  const state = { taker: null, preferred, triedAt: 0, inFlight: false, degraded: false, told: null };
  const order: Order = { token, epoch, since: now, ...state };
  orders.set(snapshot.id, order);
  return order;
}

function isDue(order: Order | undefined, snapshot: SessionSnapshot, epoch: number | null, now: number): boolean {
  if (!order || order.token !== (snapshot.attempt && attemptToken(snapshot.attempt)) || order.epoch !== epoch)
    return true;
  return order.taker === null && now - order.triedAt >= ORDER_AGAIN_MS;
}

function ordersTaken(working: readonly SessionSnapshot[], orders: ReadonlyMap<string, Order>) {
  return working.flatMap(({ id, attempt }) => {
    const order = orders.get(id);
    const isPresent = order && attempt && order.token === attemptToken(attempt);
    return isPresent && order.taker ? [{ sessionId: id, token: order.token, taker: order.taker }] : [];
  });
}

/** Nobody is known to work on it any more: the time without a taker begins now, however old the attempt is. */
function lose(order: Order, nowMs: number): void {
  order.taker = null;
  order.since = nowMs;
}

type Taken = 'started' | 'already_running';

interface Giving {
  readonly snapshot: SessionSnapshot;
  readonly order: Order;
  readonly fences: Fences;
}

/** What the taker says; null when there is none. */
async function give(
  { owner, gateways, clock, logger }: AttemptKeeperParts,
  { snapshot, order, fences }: Giving,
): Promise<Taken | null> {
  order.triedAt = clock.monotonicMs();
  const authority = fences.next(snapshot.id);
  if (!authority) return null;
  const { preferred } = order;
  order.preferred = null;
  const options = { serverId: snapshot.attempt?.serverId, preferred, timeoutMs: ORDER_TIMEOUT_MS };
  try {
    const message = attemptOrder(snapshot, authority, owner);
    const { state, gateway } = await gateways.request(executeAttempt, message, envelopeOf(snapshot), options);
    order.taker = gateway;
    order.told = null;
    return state;
  } catch (error) {
    if (isWithoutResponders(error)) fences.unused(snapshot.id, authority);
    const reason = error instanceof AppError ? error.code : String(error);
    // It is tried again every second.
    const level = reason === order.told ? 'debug' : 'warn';
    order.told = reason;
    logger[level](
      { sessionId: snapshot.id, attempt: order.token, reason },
      'attempt not taken by any opencode-gateway',
    );
    return null;
  }
}

async function taken(
  { router, clock }: AttemptKeeperParts,
  snapshot: SessionSnapshot,
  order: Order,
  state: Taken,
): Promise<void> {
  if (!order.degraded && !(state === 'started' && isUnreachable(snapshot))) return;
  order.degraded = true;
  try {
    await router.send('report-recovered', { token: order.token }, envelopeOf(snapshot));
    order.degraded = false;
  } catch (error) {
    // Ordered again after a while, which changes nothing, and told then.
    lose(order, clock.monotonicMs());
    throw error;
  }
}

async function notTaken({ router, clock }: AttemptKeeperParts, snapshot: SessionSnapshot, order: Order): Promise<void> {
  const { token, since } = order;
  const forMs = clock.monotonicMs() - since;
  const failure = failureOf(
    'server_unreachable',
    `No opencode-gateway takes orders for the OpenCode server ${snapshot.attempt?.serverId}.`,
  );
  if (forMs >= GIVEN_UP_MS) {
    const report = { token, steps: [], resume: null, failure, mayStillRun: true };
    await router.send('report-failed', report, envelopeOf(snapshot));
  } else if (forMs >= UNREACHABLE_MS && !order.degraded) {
    await router.send('report-degraded', { token, failure }, envelopeOf(snapshot));
    order.degraded = true;
  }
}

/** Said by an owner before this one, or by an opencode-gateway that no longer has the attempt. */
function isUnreachable({ status, failure }: SessionSnapshot): boolean {
  return status === 'degraded' && failure?.code === 'server_unreachable';
}

interface Abort {
  readonly token: string;
  readonly serverId: string;
  readonly fences: Fences;
  readonly order: Order | undefined;
}

async function abort(
  { bus, gateways }: AttemptKeeperParts,
  snapshot: SessionSnapshot,
  { token, serverId, fences, order }: Abort,
): Promise<void> {
  const authority = fences.present(snapshot.id);
  // The next owner finds the attempt open, and so does the opencode-gateway's sweep.
  if (!authority) return;
  const taker = order?.token === token ? order.taker : null;
  const [message, envelope] = [{ sessionId: snapshot.id, token, ...authority }, envelopeOf(snapshot)];
  const timeoutMs = ABORT_TIMEOUT_MS;
  const askTaker = (to: string) => bus.request(abortAttempt, message, envelope, { to, timeoutMs }).catch(() => null);
  const answer = taker === null ? null : await askTaker(gatewayAddress(taker));
  if (answer?.state !== 'aborting') await gateways.request(abortAttempt, message, envelope, { serverId, timeoutMs });
}

/** What passes by itself is tried again after a while, and told by whoever is away. */
function tellOf({ logger }: AttemptKeeperParts, { id: sessionId }: SessionSnapshot, error: unknown): void {
  const isPassing = error instanceof AppError && error.retryable;
  logger[isPassing ? 'debug' : 'error']({ err: error, sessionId }, 'attempt not ensured');
}

function isWithoutResponders(error: unknown): boolean {
  return error instanceof AppError && error.code === 'no_responders';
}

function envelopeOf(snapshot: SessionSnapshot) {
  return { ...serviceEnvelope('session-actor', { tenant: snapshot.tenant }), sessionId: snapshot.id };
}

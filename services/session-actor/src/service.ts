import { historyGrown, type StoredSessionEvent, workerAnnounced } from '@oio/contracts';
import { AppError, UnavailableError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import { createGatewayRouter, createSessionRouter, workerAddress } from '@oio/ownership';
import { leaveInTime, type Logger } from '@oio/runtime';
import { createPostgresHistoryTail } from './adapters/postgres-history-tail.ts';
import { createPostgresSessionStore } from './adapters/postgres-session-store.ts';
import { createPostgresWorkerLeases } from './adapters/postgres-worker-leases.ts';
import { type AttemptKeeper, createAttemptKeeper } from './attempt-keeper.ts';
import type { SessionActorConfig } from './config.ts';
import { createEffectRunner, endChild, tellParent } from './effects.ts';
import type { CreateParts } from './create-session.ts';
import { Fences } from './fences.ts';
import { createHandlers } from './handlers.ts';
import { createHistoryBell } from './history-bell.ts';
import { LiveSessions } from './live-sessions.ts';
import type { SessionActorPorts } from './ports.ts';
import { startRelay } from './relay/start-relay.ts';
import { serveCommands } from './serve-commands.ts';
import { startWorker, type Worker } from './worker.ts';

/** The lock of the one that publishes the history. */
const RELAY = 'relay';
const TICK_MS = 1_000;
const SWEEP_MS = 5_000;
/** Whoever asked for a session asks another worker after so long. */
const MAKING_MS = 5_000;

/** Starts one session-actor: a worker that owns sessions and answers their commands. */
export async function startSessionActor(
  config: SessionActorConfig,
  ports: SessionActorPorts,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { bus, directory, database, locks, parking, clock, logger } = ports;
  const store = createPostgresSessionStore(database);
  const router = createSessionRouter(bus, directory);
  const gateways = createGatewayRouter(bus);
  const leases = createPostgresWorkerLeases(database);
  // Started first, so that it ends last: what the worker commits until then is published.
  const isMyTurn = (): Promise<boolean> => locks.tryLock(RELAY);
  const relay = stack.use(startRelay({ tail: createPostgresHistoryTail(database), isMyTurn, bus, parking, logger }));
  stack.defer(
    await bus.subscribe([historyGrown], { handler: ({ events }) => relay.hear(events as StoredSessionEvent[]) }),
  );
  // What is being made when the service stops may take long, and belongs to nobody yet: the rest is handed over before.
  let making: Promise<void> | undefined;
  stack.defer(() => leaveInTime(making ?? Promise.resolve(), MAKING_MS));
  const onLapsed = (): void => sessions.dropAll();
  const worker = stack.use(await startWorker({ leases, locks, bus, directory, clock, logger, onLapsed }));
  const sessions = new LiveSessions({ store, leases, directory, worker, clock, logger });
  const loaded = (id: string) => sessions.loaded(id);
  const owner = worker.incarnation;
  const fences = new Fences((id) => loaded(id)?.epoch ?? null);
  const attempts = createAttemptKeeper({ owner, bus, router, gateways, clock, logger, loaded, fences });
  const effects = stack.use(createEffectRunner({ router, gateways, attempts, fences, logger }));

  const bell = createHistoryBell(bus, owner);
  const stopping = new AbortController();
  const leaving = stopping.signal;
  const parts = { sessions, store, worker, effects, bell, bus, clock, logger, router, gateways, config, leaving };
  stack.use(every(TICK_MS, () => lookAfter(parts, attempts), logger));
  stack.use(every(SWEEP_MS, () => settleFamilies(parts), logger));

  const stop = await serveCommands(bus, createHandlers(parts), workerAddress(owner));
  stack.defer(async () => {
    stopping.abort(handingOver());
    ({ making } = await stop());
  });
  stack.use(announceEvery(TICK_MS, bus, worker));
  logger.info({ incarnation: owner }, 'session-actor started');
  return stack.move();
}

/** The refusal that sends a command on to another worker. */
function handingOver(): UnavailableError {
  return new UnavailableError('This worker hands its sessions over to others.', { code: 'fenced' });
}

/** What the sessions in memory need now and then. */
async function lookAfter({ worker, sessions }: CreateParts, attempts: AttemptKeeper): Promise<void> {
  if (worker.isFenced) return;
  sessions.passivate();
  attempts.tick(sessions.snapshots());
  await sessions.reclaim();
}

/** Tells the routers that the worker takes commands, until it is disposed of. */
function announceEvery(periodMs: number, bus: Bus, worker: Worker): Disposable {
  const { incarnation } = worker;
  const announce = (): void => {
    if (!worker.isFenced) bus.announce(workerAnnounced, { incarnation });
  };
  announce();
  const timer = setInterval(announce, periodMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Repeats the task until it is disposed of; never twice at the same time. */
function every(periodMs: number, task: () => Promise<void>, logger: Logger): Disposable {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    task()
      .catch((error: unknown) => {
        // What is away is told by whoever connects to it.
        const isPassing = error instanceof AppError && error.retryable;
        logger[isPassing ? 'debug' : 'warn']({ err: error }, 'periodic task failed');
      })
      .finally(() => {
        running = false;
      });
  }, periodMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * What the end of a parent ordered, and its owner did not come to do: it died, or the child came later than the end. And what
 * the success of a child means to its parent, who was not told.
 */
async function settleFamilies({ store, router, worker, logger }: CreateParts): Promise<void> {
  if (worker.isFenced) return;
  for (const child of await store.leftBehind()) {
    await endChild(router, child, child.policy).catch((error: unknown) =>
      logger.warn({ err: error, sessionId: child.childId }, 'child left behind not ended'),
    );
  }
  for (const parent of await store.incomplete()) {
    await tellParent(router, parent).catch((error: unknown) =>
      logger.warn({ err: error, sessionId: parent.parentId }, 'parent not told of its children'),
    );
  }
}

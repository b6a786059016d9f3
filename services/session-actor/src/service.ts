import { sessionCommands } from '@oio/contracts';
import { serveAll } from '@oio/messaging';
import { createSessionRouter, workerAddress } from '@oio/ownership';
import { createPostgresSessionStore } from './adapters/postgres-session-store.ts';
import { createPostgresWorkerLeases } from './adapters/postgres-worker-leases.ts';
import { createAttemptKeeper } from './attempt-keeper.ts';
import type { SessionActorConfig } from './config.ts';
import { createEffectRunner } from './effects.ts';
import { createHandlers } from './handlers.ts';
import { LiveSessions } from './live-sessions.ts';
import type { SessionActorPorts } from './ports.ts';
import { startWorker } from './worker.ts';

const TICK_MS = 1_000;

/** Starts one session-actor: a worker that owns sessions and answers their commands. */
export async function startSessionActor(
  config: SessionActorConfig,
  ports: SessionActorPorts,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { bus, directory, database, clock, logger } = ports;
  const store = createPostgresSessionStore(database);
  const router = createSessionRouter(bus, directory);
  const worker = stack.use(
    await startWorker({ leases: createPostgresWorkerLeases(database), directory, clock, logger }),
  );
  const sessions = new LiveSessions({ store, directory, worker, clock });
  const attempts = createAttemptKeeper({ bus, router, clock, logger });
  const effects = createEffectRunner({ bus, router, attempts, logger });

  const handlers = createHandlers({ sessions, store, worker, effects, bus, clock, logger, router, config });
  stack.defer(await serveAll(bus, sessionCommands, handlers, { at: workerAddress(worker.incarnation) }));
  stack.defer(await serveAll(bus, sessionCommands, handlers));

  const timer = setInterval(() => {
    const tick = async (): Promise<void> => {
      attempts.tick((await sessions.all()).map(({ snapshot }) => snapshot));
      await sessions.passivate();
    };
    tick().catch((error: unknown) => logger.error({ err: error }, 'tick failed'));
  }, TICK_MS);
  stack.defer(() => clearInterval(timer));
  logger.info({ incarnation: worker.incarnation }, 'session-actor started');
  return stack.move();
}

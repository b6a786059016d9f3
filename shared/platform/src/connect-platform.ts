import { type Cache, createInProcessCache, createRedisCache } from '@oio/cache';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { type Bus, createNatsBus, type Parking } from '@oio/messaging';
import {
  createAbsentOwnerDirectory,
  createRedisOwnerDirectory,
  createSessionRouter,
  type OwnerDirectory,
  type SessionRouter,
} from '@oio/ownership';
import {
  createPostgresDeadLetters,
  type Database,
  type LockConnection,
  openDatabase,
  openLockConnection,
  untilLockFree,
} from '@oio/persistence';
import { openRedis, type RedisConnection } from '@oio/redis';
import { createSetClock, type DependencyHealth, type Logger, type SetClock } from '@oio/runtime';
import { announceWait } from './announce-wait.ts';
import type { PlatformConfig } from './config.ts';
import { busDependency } from './bus-dependency.ts';
import { keepTime } from './keep-time.ts';
import type { Dependency, Readiness } from './readiness.ts';
import { type Needed, tellOfOutages } from './tell-of-outages.ts';
import { tellOfParking } from './tell-of-parking.ts';

/** What a service process stands on. */
export interface Platform extends AsyncDisposable {
  readonly database: Database;
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  /** Answers that change rarely, shared by all processes where there is a Redis. */
  readonly cache: Cache;
  /** For what else the processes share; null where there is none. */
  readonly redis: RedisConnection | null;
  readonly router: SessionRouter;
  /** Shows the database's time. */
  readonly clock: SetClock;
  /** Where messages go that cannot be used. */
  readonly parking: Parking;
  readonly logger: Logger;
  /** How PostgreSQL, NATS and Redis do. Never throws. */
  health(): Promise<readonly DependencyHealth[]>;
  /** Waits until the lock of another process falls free; rejects when that cannot be told any more, or `signal` aborts. */
  watchLock(key: string, signal: AbortSignal): Promise<void>;
  /** Locks that fall free when this process dies; closed with the platform. */
  openLocks(): Promise<LockConnection>;
  /** Rejects when the process cannot go on. */
  readonly failed: Promise<never>;
}

export interface ConnectOptions {
  readonly service: string;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** Aborts when the process shall stop. */
  readonly stopping: AbortSignal;
}

/**
 * Opens what every service needs, in this order: PostgreSQL, NATS, Redis. The first two are waited for as long as it takes;
 * Redis comes when it comes. Throws `StartupError` when one of them is there and refuses us.
 */
export async function connectPlatform(config: PlatformConfig, options: ConnectOptions): Promise<Platform> {
  const { logger, readiness } = options;
  await using stack = new AsyncDisposableStack();
  const add = (dependency: Dependency): void => readiness.add(dependency);

  const database = stack.use(await waitForDatabase(config, options));
  add({ name: 'postgres', optional: false, report: () => database.health() });
  const clock = createSetClock();
  stack.use(await keepTime(clock, database, logger));
  const deadLetters = createPostgresDeadLetters(database, {
    onDrop: (dropped, error) => logger.error({ dropped, err: error }, 'unusable messages dropped'),
  });
  const parking = tellOfParking(deadLetters, logger);
  const failed = Promise.withResolvers<never>();
  // Told by whoever waits for it.
  failed.promise.catch(() => {});
  const bus = stack.use(await openBus(config, { ...options, parking, fail: failed.reject }));
  add(busDependency(bus));
  stack.use(tellOfOutages(logger, neededOf(database, bus)));
  const shared = await openShared(config, { stack, logger, add });
  let router: SessionRouter | undefined;

  const resources = stack.move();
  return {
    database,
    bus,
    ...shared,
    clock,
    parking,
    logger,
    failed: failed.promise,
    // It listens to who has ended, and not every service may.
    get router() {
      router ??= createSessionRouter(bus, shared.directory);
      return router;
    },
    health: async () => (await readiness.report()).dependencies,
    watchLock: (key, signal) => untilLockFree(config.DATABASE_URL, key, signal),
    async openLocks() {
      return resources.use(await openLockConnection(config.DATABASE_URL));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function neededOf(database: Pick<Database, 'isThere'>, bus: { readonly isConnected: boolean }): readonly Needed[] {
  return [
    { name: 'postgres', isThere: () => database.isThere, meanwhile: 'nothing is accepted, nothing is lost' },
    { name: 'nats', isThere: () => bus.isConnected, meanwhile: 'requests are refused, events wait in the history' },
  ];
}

async function waitForDatabase(config: PlatformConfig, options: ConnectOptions): Promise<Database> {
  const { DATABASE_URL: url, DATABASE_CONNECTIONS: connections } = config;
  const settings = { connections, waitMs: Number.POSITIVE_INFINITY, signal: options.stopping };
  return announceWait('PostgreSQL', options, (onVain) =>
    openDatabase(url, { ...settings, onWaiting: ({ reason }) => onVain(reason) }),
  );
}

interface BusParts extends ConnectOptions {
  readonly parking: Parking;
  readonly fail: (error: Error) => void;
}

async function openBus({ NATS_URL: url }: PlatformConfig, options: BusParts) {
  const { service, logger, stopping, parking, fail } = options;
  const onClosed = (cause: Error): void => {
    logger.error({ err: cause }, 'nats has closed the connection for good');
    const message = 'NATS has closed the connection for good: it refuses the credentials of NATS_URL by now.';
    fail(new StartupError(message, EXIT_CODE.config, { cause }));
  };
  const onBug = (error: unknown, subject: string): void => logger.error({ err: error, subject }, 'message not handled');
  const settings = { url, name: service, signal: stopping, parking, onBug, onClosed };
  return announceWait('NATS', options, (onVain) =>
    createNatsBus({ ...settings, onWaiting: ({ message }) => onVain(message) }),
  );
}

interface SharedParts {
  readonly stack: AsyncDisposableStack;
  readonly logger: Logger;
  readonly add: (dependency: Dependency) => void;
}

/** Nobody waits for Redis, and without it everything works, only slower. */
async function openShared({ REDIS_URL: url }: PlatformConfig, { stack, logger, add }: SharedParts) {
  if (url === undefined) {
    logger.info('no REDIS_URL: owners are looked up in PostgreSQL');
    return { directory: stack.use(createAbsentOwnerDirectory()), cache: createInProcessCache(), redis: null };
  }
  const redis = stack.use(await openRedis(url, { logger }));
  add({ name: 'redis', optional: true, report: () => redis.health() });
  return {
    directory: stack.use(createRedisOwnerDirectory(redis)),
    cache: createRedisCache(redis, { namespace: 'opencode' }),
    redis,
  };
}

import { EXIT_CODE, StartupError } from '@oio/errors';
import { type Bus, createNatsBus, type Parking } from '@oio/messaging';
import {
  createAbsentOwnerDirectory,
  createRedisOwnerDirectory,
  createSessionRouter,
  type OwnerDirectory,
  type SessionRouter,
} from '@oio/ownership';
import { type Database, type LockConnection, openDatabase, openLockConnection } from '@oio/persistence';
import { openRedis } from '@oio/redis';
import { createSetClock, type Logger, type SetClock } from '@oio/runtime';
import { announceWait } from './announce-wait.ts';
import type { PlatformConfig } from './config.ts';
import { keepTime } from './keep-time.ts';
import { natsHealth } from './nats-health.ts';
import type { Dependency, Readiness } from './readiness.ts';

/** What a service process stands on. */
export interface Platform extends AsyncDisposable {
  readonly database: Database;
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly router: SessionRouter;
  /** Shows the database's time. */
  readonly clock: SetClock;
  readonly parking: Parking;
  readonly logger: Logger;
  /** How PostgreSQL, NATS and Redis do. */
  readonly dependencies: readonly Dependency[];
  /** Locks that fall free when this process dies; closed with the platform. */
  openLocks(): Promise<LockConnection>;
  /** Rejects when the process cannot go on. */
  readonly failed: Promise<never>;
}

export interface ConnectOptions {
  readonly service: string;
  readonly logger: Logger;
  readonly readiness: Readiness;
  readonly stopping: AbortSignal;
}

/**
 * Opens what every service needs, in this order: PostgreSQL, NATS, Redis. The first two are waited for as long as it takes;
 * Redis comes when it comes. Throws `StartupError` when one is there and refuses us.
 */
export async function connectPlatform(config: PlatformConfig, options: ConnectOptions): Promise<Platform> {
  const { service, logger, readiness, stopping } = options;
}

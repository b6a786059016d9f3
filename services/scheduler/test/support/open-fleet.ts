import { type LimitRule, limits, limitsChanged, serverAnnounced } from '@oio/contracts';
import { type Bus, createInProcessBus } from '@oio/messaging';
import {
  createInProcessOwnerDirectory,
  createSessionRouter,
  type OwnerDirectory,
  type SessionRouter,
} from '@oio/ownership';
import { type Database, type LockConnection, openLockConnection, untilLockFree } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { createLogger, createSetClock, parseConfig, type SetClock } from '@oio/runtime';
import { type Scheduler, schedulerConfig, startScheduler } from '../../src/index.ts';
import type { WatchLock } from '../../src/ports.ts';
import { FakeSessionActor } from './fake-session-actor.ts';

export interface Fleet extends AsyncDisposable {
  readonly bus: Bus;
  readonly database: Database;
  readonly router: SessionRouter;
  readonly directory: OwnerDirectory;
  readonly actor: FakeSessionActor;
  /** The sessions that a dispatch was sent for, in order. */
  readonly sent: readonly string[];
  /** How often a worker was asked in vain to take a session over. */
  readonly failedAdoptions: () => number;
  /** A further session-actor. */
  startActor(): Promise<FakeSessionActor>;
  /** Locks of a process, which fall free when they are disposed of. */
  openLocks(): Promise<LockConnection>;
  startScheduler(settings?: SchedulerSettings): Promise<Scheduler>;
  /** Sets all limits, as an operator does. */
  setLimits(rules: readonly Partial<LimitRule>[]): Promise<void>;
  /** Announces a server with room for so many, until told otherwise. */
  announce(serverId: string, capacity: number, isHealthy?: boolean): void;
}

export interface SchedulerSettings {
  readonly limit?: number;
  readonly leaseMs?: number;
  readonly sweepMs?: number;
  readonly queueHead?: number;
  readonly clock?: SetClock;
  /** Those of its process; its own when missing. */
  readonly locks?: LockConnection;
}

const silent = createLogger('scheduler', { level: 'silent' });

/** A database, a bus, a session-actor and as many schedulers as the test starts. */
export async function openFleet(): Promise<Fleet> {
  await using stack = new AsyncDisposableStack();
  const { database, url } = stack.use(await openTestDatabase());
  const bus = stack.use(createInProcessBus());
  const directory = stack.use(createInProcessOwnerDirectory());
  const orders = recording(createSessionRouter(bus, directory));
  const { router } = orders;
  const actor = stack.use(await FakeSessionActor.start({ bus, directory, database }));
  const announcements = new Map<string, Parameters<typeof bus.announce>[1]>();
  const ports = { bus, router, directory, database, logger: silent, watchLock: watchOn(url) };
  stack.adopt(
    setInterval(() => announcements.forEach((news) => bus.announce(serverAnnounced, news as never)), 500),
    clearInterval,
  );

  const all = stack.move();
  const openLocks = async (): Promise<LockConnection> => all.use(await openLockConnection(url));
  return {
    bus,
    database,
    ...orders,
    directory,
    actor,
    openLocks,
    startActor: async () => all.use(await FakeSessionActor.start({ bus, directory, database })),
    async startScheduler({ clock = createSetClock(), locks, ...settings } = {}) {
      const config = configOf(settings);
      const own = locks ?? (await openLocks());
      return all.use(await startScheduler(config, { ...ports, locks: own, clock }));
    },
    setLimits: (rules) => setLimits({ bus, database }, rules),
    announce(serverId, capacity, healthy = true) {
      const news = { serverId, capacity, healthy, accepting: true, version: null, detail: null };
      announcements.set(serverId, news);
      bus.announce(serverAnnounced, news);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function setLimits({ bus, database }: Pick<Fleet, 'bus' | 'database'>, rules: readonly Partial<LimitRule>[]) {
  const all = JSON.stringify(limits.parse({ limits: rules }).limits);
  await database.query(
    `insert into limits values ('limits', $1::json) on conflict (name) do update set rules = excluded.rules`,
    [all],
  );
  bus.announce(limitsChanged, {});
}

function configOf({ limit, leaseMs = 30_000, sweepMs = 100, queueHead }: Omit<SchedulerSettings, 'clock' | 'locks'>) {
  return parseConfig(schedulerConfig, {
    MAX_CONCURRENT_SESSIONS: limit?.toString(),
    SCHEDULER_LEASE_MS: leaseMs.toString(),
    SCHEDULER_SWEEP_MS: sweepMs.toString(),
    SCHEDULER_QUEUE_HEAD: queueHead?.toString(),
  });
}

function watchOn(url: string): WatchLock {
  return (key, signal) => untilLockFree(url, key, signal);
}

function recording(router: SessionRouter) {
  const sent: string[] = [];
  let failed = 0;
  const recorded: SessionRouter = {
    hear: (sessionId, owner) => router.hear(sessionId, owner),
    sendToAny: (contract, payload, envelope) => router.sendToAny(contract, payload, envelope),
    async send(name, payload, envelope) {
      if (name === 'dispatch') sent.push(envelope.sessionId);
      try {
        return await router.send(name, payload, envelope);
      } catch (error) {
        if (name === 'adopt') failed += 1;
        throw error;
      }
    },
  };
  return { router: recorded, sent, failedAdoptions: () => failed };
}

import { workerEnded } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import type { OwnerDirectory } from '@oio/ownership';
import type { LockConnection } from '@oio/persistence';
import { type Logger, newId, type SetClock } from '@oio/runtime';
import type { WorkerLeases } from './ports.ts';

/**
 * The life of a lease, how often it is renewed, and when its holder stops to act without a confirmation. Shorter than the
 * design's 10, 2 and 6 s, so that the sessions of a process that hangs go on elsewhere within 8 s.
 */
const LEASE_MS = 6_000;
const RENEW_MS = 1_200;
const FENCE_MS = 4_000;

/** One process that owns sessions. */
export interface Worker extends AsyncDisposable {
  readonly incarnation: string;
  /** Whether the lease has not been confirmed for a while: another worker may own everything by now. */
  readonly isFenced: boolean;
  /** Throws `UnavailableError` code `fenced`. */
  assertUnfenced(): void;
}

export interface WorkerParts {
  readonly leases: WorkerLeases;
  readonly locks: LockConnection;
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly clock: SetClock;
  readonly logger: Logger;
  /** Told when a lost lease was taken again, before anything is done under the new one. */
  readonly onLapsed: () => void;
}

/** Enters the worker and keeps its lease. A lease that was lost is taken again, with nothing of what was owned under it. */
export async function startWorker(parts: WorkerParts): Promise<Worker> {
  const { clock, locks, logger } = parts;
  const incarnation = newId();
  // Before the row says that it is held: who finds it free then knows that the process is gone.
  await locks.lock(incarnation);
  let confirmedAtMs = await renew(parts, incarnation, null);

  let renewal: Promise<void> | null = null;
  const renewOnce = async (): Promise<void> => {
    try {
      confirmedAtMs = await renew(parts, incarnation, confirmedAtMs);
    } catch (error) {
      logger.error({ err: error }, 'worker lease not renewed');
    } finally {
      renewal = null;
    }
  };
  const timer = setInterval(() => {
    renewal ??= renewOnce();
  }, RENEW_MS);

  return {
    incarnation,
    get isFenced() {
      return isFenced(clock, confirmedAtMs);
    },
    assertUnfenced: () => assertUnfenced(clock, confirmedAtMs),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewal;
      await end(parts, incarnation);
    },
  };
}

function isFenced(clock: SetClock, confirmedAtMs: number): boolean {
  return clock.monotonicMs() - confirmedAtMs >= FENCE_MS;
}

function assertUnfenced(clock: SetClock, confirmedAtMs: number): void {
  if (!isFenced(clock, confirmedAtMs)) return;
  throw new UnavailableError('This worker has not been able to confirm its lease and takes no commands.', {
    code: 'fenced',
    retryAfterMs: 1_000,
  });
}

/** Renews the lease and returns when that was asked for: the lease runs from then at the earliest. */
async function renew(parts: WorkerParts, incarnation: string, confirmedAtMs: number | null): Promise<number> {
  const { leases, locks, directory, clock, logger, onLapsed } = parts;
  const askedAtMs = clock.monotonicMs();
  const { now, kept } = await leases.renew(incarnation, LEASE_MS, locks.holds(incarnation));
  // What it said was true somewhere between question and answer, which may be seconds apart.
  clock.set(new Date(now.getTime() + (clock.monotonicMs() - askedAtMs) / 2));
  if (confirmedAtMs !== null && !kept) {
    logger.warn({ incarnation }, 'worker lease had lapsed');
    onLapsed();
  }
  directory
    .renew(incarnation, LEASE_MS)
    .catch((error: unknown) => logger.debug({ err: error }, 'owner directory not renewed'));
  return askedAtMs;
}

/** Hands everything over at once, and rings the bell. Where that fails, it passes on when the lease has run out. */
async function end({ leases, directory, bus, logger }: WorkerParts, incarnation: string): Promise<void> {
  const warn = (error: unknown): void => logger.warn({ err: error }, 'ownership not given up');
  const withdrawn = directory.withdraw(incarnation).catch(warn);
  await leases.end(incarnation).catch(warn);
  // Not later: everybody waits for it, and the directory may be believed or not.
  bus.announce(workerEnded, { incarnation });
  await withdrawn;
}

import { UnavailableError } from '@oio/errors';
import type { OwnerDirectory } from '@oio/ownership';
import { type Logger, newId, type SetClock } from '@oio/runtime';
import type { WorkerLeases } from './ports.ts';

/** The life of a lease, how often it is renewed, and when its holder stops to act without a confirmation. Source: the design. */
const LEASE_MS = 10_000;
const RENEW_MS = 2_000;
const FENCE_MS = 6_000;

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
  readonly directory: OwnerDirectory;
  readonly clock: SetClock;
  readonly logger: Logger;
  /** Told when a lost lease was taken again, before anything is done under the new one. */
  readonly onLapsed: () => void;
}

/** Enters the worker and keeps its lease. A lease that was lost is taken again, with nothing of what was owned under it. */
export async function startWorker(parts: WorkerParts): Promise<Worker> {
  const { leases, clock, logger } = parts;
  const incarnation = newId();
  let confirmedAtMs = await renew(parts, incarnation, null);
  await endDeadNeighbours(leases);

  let renewal: Promise<void> | null = null;
  const isFenced = (): boolean => clock.monotonicMs() - confirmedAtMs >= FENCE_MS;
  const timer = setInterval(() => {
    renewal ??= renew(parts, incarnation, confirmedAtMs)
      .then((askedAtMs) => {
        confirmedAtMs = askedAtMs;
      })
      .catch((error: unknown) => logger.error({ err: error }, 'worker lease not renewed'))
      .finally(() => {
        renewal = null;
      });
  }, RENEW_MS);

  return {
    incarnation,
    get isFenced() {
      return isFenced();
    },
    assertUnfenced() {
      if (!isFenced()) return;
      throw new UnavailableError('This worker has not been able to confirm its lease and takes no commands.', {
        code: 'fenced',
        retryAfterMs: 1_000,
      });
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewal;
      await end(parts, incarnation);
    },
  };
}

/** Renews the lease and returns when that was asked for: the lease runs from then at the earliest. */
async function renew(parts: WorkerParts, incarnation: string, confirmedAtMs: number | null): Promise<number> {
  const { leases, directory, clock, logger, onLapsed } = parts;
  const askedAtMs = clock.monotonicMs();
  const { now, kept } = await leases.renew(incarnation, LEASE_MS);
  clock.set(now);
  if (confirmedAtMs !== null && !kept) {
    logger.warn({ incarnation }, 'worker lease had lapsed');
    onLapsed();
  }
  directory
    .renew(incarnation, LEASE_MS)
    .catch((error: unknown) => logger.warn({ err: error }, 'owner directory not renewed'));
  return askedAtMs;
}

/** Hands everything over at once. Where that fails, it passes on when the lease has run out. */
async function end({ leases, directory, logger }: WorkerParts, incarnation: string): Promise<void> {
  const ends = await Promise.allSettled([leases.end(incarnation), directory.withdraw(incarnation)]);
  for (const result of ends)
    if (result.status === 'rejected') logger.warn({ err: result.reason as unknown }, 'ownership not given up');
}

/** A worker of this machine whose process is gone need not run out its lease. Should that be wrong, the epochs hold. */
async function endDeadNeighbours(leases: WorkerLeases): Promise<void> {
  for (const { incarnation, pid } of await leases.onThisHost()) if (!isAlive(pid)) await leases.end(incarnation);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH';
  }
}

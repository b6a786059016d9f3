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
  /** Throws `UnavailableError` code `fenced` while the lease is not confirmed: another worker may own everything by now. */
  assertUnfenced(): void;
}

export interface WorkerParts {
  readonly leases: WorkerLeases;
  readonly directory: OwnerDirectory;
  readonly clock: SetClock;
  readonly logger: Logger;
}

/** Enters the worker and keeps its lease. A lease that was lost is simply taken again: the epochs see to the rest. */
export async function startWorker({ leases, directory, clock, logger }: WorkerParts): Promise<Worker> {
  const incarnation = newId();
  let confirmedAtMs = Number.NEGATIVE_INFINITY;

  const renew = async (): Promise<void> => {
    const askedAtMs = clock.monotonicMs();
    clock.set(await leases.renew(incarnation, LEASE_MS));
    confirmedAtMs = askedAtMs;
    await directory
      .renew(incarnation, LEASE_MS)
      .catch((error: unknown) => logger.warn({ err: error }, 'owner directory not renewed'));
  };

  await renew();
  await endDeadNeighbours(leases);
  let renewal: Promise<void> | null = null;
  const timer = setInterval(() => {
    renewal ??= renew()
      .catch((error: unknown) => logger.error({ err: error }, 'worker lease not renewed'))
      .finally(() => {
        renewal = null;
      });
  }, RENEW_MS);

  return {
    incarnation,
    assertUnfenced() {
      if (clock.monotonicMs() - confirmedAtMs < FENCE_MS) return;
      throw new UnavailableError('This worker has not been able to confirm its lease and takes no commands.', {
        code: 'fenced',
        retryAfterMs: 1_000,
      });
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewal;
      await leases.end(incarnation);
      await directory.withdraw(incarnation);
    },
  };
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

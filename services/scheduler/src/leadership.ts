import type { Clock, Logger } from '@oio/runtime';
import { every } from './every.ts';
import type { LeaderTable } from './ports.ts';

/** The share of the lease after which a holder without confirmation stops to act, and how often it is renewed within a lease. */
const FENCED_AFTER = 2 / 3;
const RENEWALS = 4;

export interface LeadershipParts {
  readonly table: LeaderTable;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who wants to lead: an id of this process, never used by another one. */
  readonly holder: string;
  readonly leaseMs: number;
  /** It leads from now on, under this epoch. */
  readonly onGained: (epoch: number) => void;
  /** It does not lead any more, or cannot be sure of it. Must stop everything before it returns. */
  readonly onLost: () => void;
}

export interface Leadership extends AsyncDisposable {
  /** Whether this is the leader, under this epoch, without any doubt. */
  holds(epoch: number): boolean;
}

/** Tries to become the leader and to stay it until disposed, which gives the leadership up. */
export function startLeadership({ table, clock, logger, holder, leaseMs, onGained, onLost }: LeadershipParts): Leadership {
  let epoch: number | null = null;
  let fencedAtMs = 0;
  let fence: NodeJS.Timeout | undefined;

  const holds = (wanted: number): boolean => epoch === wanted && clock.monotonicMs() < fencedAtMs;

  const confirm = (askedAtMs: number): void => {
    fencedAtMs = askedAtMs + leaseMs * FENCED_AFTER;
    clearTimeout(fence);
    fence = setTimeout(lose, Math.max(0, fencedAtMs - clock.monotonicMs()));
  };

  function lose(): void {
    clearTimeout(fence);
    if (epoch === null) return;
    logger.warn({ epoch }, 'scheduler no longer active');
    epoch = null;
    onLost();
  }

  const take = async (): Promise<void> => {
    const askedAtMs = clock.monotonicMs();
    const taken = await table.take(holder, leaseMs);
    if (taken === null) return;
    epoch = taken;
    confirm(askedAtMs);
    logger.info({ epoch }, 'scheduler active');
    onGained(taken);
  };

  const renew = async (present: number): Promise<void> => {
    const askedAtMs = clock.monotonicMs();
    const isConfirmed = await table.renew(holder, present, leaseMs);
    // The fence may have fallen while the database was asked.
    if (epoch !== present) return;
    if (isConfirmed) confirm(askedAtMs);
    else lose();
  };

  const loop = every(leaseMs / RENEWALS, () => (epoch === null ? take() : renew(epoch)), { name: 'leadership', logger });
  return {
    holds,
    async [Symbol.asyncDispose]() {
      await loop[Symbol.asyncDispose]();
      clearTimeout(fence);
      const given = epoch;
      if (given === null) return;
      epoch = null;
      onLost();
      await table.resign(holder, given).catch((error: unknown) => logger.warn({ err: error }, 'leadership not given up; it ends with its lease'));
    },
  };
}

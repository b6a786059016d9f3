import type { LockConnection } from '@oio/persistence';
import type { Clock, Logger } from '@oio/runtime';
import { every, type Loop } from './every.ts';
import type { LeaderTable, WatchLock } from './ports.ts';

/** The share of the lease after which a holder without confirmation stops to act, and how often it is renewed within a lease. */
const FENCED_AFTER = 2 / 3;
const RENEWALS = 4;

export interface LeadershipParts {
  readonly table: LeaderTable;
  /** Its lock falls free with its process: by that the others see at once that it is gone. */
  readonly locks: Pick<LockConnection, 'tryLock' | 'unlock'>;
  readonly watchLock: WatchLock;
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

/**
 * Tries to become the leader and to stay it until disposed, which gives the leadership up. One that died is followed as soon as its
 * lock is free, one that hangs when its lease has run out. Both signs may be wrong: what protects the sessions is the epoch.
 */
export class Leadership implements AsyncDisposable {
  readonly #parts: LeadershipParts;
  readonly #loop: Loop;
  readonly #ending = new AbortController();
  /** The leader whose lock is waited for, and what ends that. */
  #watched: { readonly leader: string; readonly stop: AbortController } | null = null;
  /** The one whose lock has fallen free. */
  #gone: string | null = null;
  #epoch: number | null = null;
  #fencedAtMs = 0;
  #fence: NodeJS.Timeout | undefined;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    const task = () => (this.#epoch === null ? this.#take() : this.#renew(this.#epoch));
    this.#loop = every({ name: 'leadership', logger: parts.logger, intervalMs: parts.leaseMs / RENEWALS, task });
  }

  /** Whether this is the leader, under this epoch, without any doubt. */
  holds(epoch: number): boolean {
    return this.#epoch === epoch && this.#parts.clock.monotonicMs() < this.#fencedAtMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#loop[Symbol.asyncDispose]();
    const { table, locks, holder, logger } = this.#parts;
    const epoch = this.#epoch;
    if (epoch !== null) {
      this.#lose();
      await table
        .resign(holder, epoch)
        .catch((error: unknown) => logger.warn({ err: error }, 'leadership not given up; it ends with its lease'));
    }
    await locks.unlock(holder);
  }

  async #take(): Promise<void> {
    const { table, locks, clock, logger, holder, leaseMs, onGained } = this.#parts;
    // Before it leads: who finds it free then knows that the process is gone.
    if (!(await locks.tryLock(holder))) return;
    const askedAtMs = clock.monotonicMs();
    const gone = this.#gone;
    this.#gone = null;
    const epoch = await table.take(holder, leaseMs, gone);
    if (epoch === null) return this.#watch();
    this.#unwatch();
    this.#epoch = epoch;
    this.#confirm(askedAtMs);
    logger.info({ epoch }, 'scheduler active');
    onGained(epoch);
  }

  /** Waits for the lock of the one that leads, and of no other: one that hangs keeps its lock. What cannot be waited for is tried again by the next look. */
  async #watch(): Promise<void> {
    const { table, watchLock } = this.#parts;
    const leader = await table.leader();
    if (leader === (this.#watched?.leader ?? null)) return;
    this.#unwatch();
    if (leader === null) return;
    const watched = { leader, stop: new AbortController() };
    this.#watched = watched;
    const onFree = (): void => {
      this.#gone = leader;
      this.#loop.wake();
    };
    watchLock(leader, AbortSignal.any([this.#ending.signal, watched.stop.signal]))
      .finally(() => {
        if (this.#watched === watched) this.#watched = null;
      })
      .then(onFree, () => {});
  }

  #unwatch(): void {
    this.#watched?.stop.abort();
    this.#watched = null;
  }

  async #renew(epoch: number): Promise<void> {
    const { table, clock, holder, leaseMs } = this.#parts;
    const askedAtMs = clock.monotonicMs();
    const isConfirmed = await table.renew(holder, epoch, leaseMs);
    // The fence may have fallen while the database was asked: then it is taken anew, under another epoch.
    if (this.#epoch !== epoch) return;
    if (isConfirmed) this.#confirm(askedAtMs);
    else this.#lose();
  }

  /** The lease runs from when it was asked for: the answer may have taken its time. */
  #confirm(askedAtMs: number): void {
    const { clock, leaseMs } = this.#parts;
    this.#fencedAtMs = askedAtMs + leaseMs * FENCED_AFTER;
    clearTimeout(this.#fence);
    this.#fence = setTimeout(() => this.#lose(), Math.max(0, this.#fencedAtMs - clock.monotonicMs()));
  }

  #lose(): void {
    clearTimeout(this.#fence);
    if (this.#epoch === null) return;
    this.#parts.logger.info({ epoch: this.#epoch }, 'scheduler no longer active');
    this.#epoch = null;
    this.#parts.onLost();
  }
}

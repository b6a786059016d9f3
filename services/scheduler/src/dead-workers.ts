import { workerEnded } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { OwnerDirectory } from '@oio/ownership';
import type { Logger } from '@oio/runtime';
import type { SessionTable, WatchLock, WorkerSigns } from './ports.ts';

/** How often is looked without a sign; a process that has died is told by a second look, which follows soon. */
export const LOOK_EVERY_MS = 250;
const LOOK_AGAIN_MS = 10;

export interface DeadWorkersParts {
  readonly table: Pick<SessionTable, 'workers' | 'endWorkers'>;
  readonly watchLock: WatchLock;
  readonly directory: Pick<OwnerDirectory, 'withdraw'>;
  readonly bus: Pick<Bus, 'announce'>;
  readonly logger: Logger;
  /** A lock has fallen free: it is time to look. */
  readonly onSign: () => void;
  /** Others are alive than before: there are sessions to be taken over, or there is one more to take them. */
  readonly onChange: () => void;
}

/**
 * Notices workers that have died (their lock is free) or hang (their lease has run out), and tells everybody. It may be
 * wrong: a worker that was ended by mistake finds its sessions under other epochs and goes on. The locks are waited for, so
 * that a death shows at once; the looks find what a lost connection kept back.
 */
export class DeadWorkers implements Disposable {
  readonly #parts: DeadWorkersParts;
  readonly #ending = new AbortController();
  /** The living ones, whose locks are waited for. */
  readonly #watched = new Set<string>();
  /** Found with a free lock by the last look: a connection that is just being opened anew is no death. */
  #suspects: ReadonlySet<string> = new Set();
  /** Those that no look has found dead yet, as one text. */
  #living = '';
  /** Those that were dealt with and whose rows are still there. */
  #told: ReadonlySet<string> = new Set();

  constructor(parts: DeadWorkersParts) {
    this.#parts = parts;
  }

  /** Returns in how many milliseconds the next look should be. */
  async look(): Promise<number> {
    const { table, logger } = this.#parts;
    const workers = await table.workers();
    const lifeless = workers.filter(({ expired, unlocked }) => expired || unlocked);
    const dead = lifeless.filter(({ incarnation, expired }) => expired || this.#suspects.has(incarnation));
    const news = dead.filter(({ incarnation }) => !this.#told.has(incarnation));
    const isNew = lifeless.some(({ incarnation, expired }) => !expired && !this.#suspects.has(incarnation));
    this.#suspects = new Set(lifeless.map(({ incarnation }) => incarnation));
    if (news.length > 0) {
      // Claims go by the same signs: who is told need not wait until the row says it too.
      for (const { incarnation, expired } of news) {
        logger.info({ incarnation, expired }, 'worker ended');
        this.#tell(incarnation);
      }
      await table.endWorkers(news.map(({ incarnation }) => incarnation));
    }
    this.#told = new Set(dead.map(({ incarnation }) => incarnation));
    this.#compare(workers, news.length > 0);
    this.#watch(workers);
    return isNew ? LOOK_AGAIN_MS : LOOK_EVERY_MS;
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  #compare(workers: readonly WorkerSigns[], hasNews: boolean): void {
    const living = workers.map(({ incarnation }) => incarnation).filter((incarnation) => !this.#told.has(incarnation));
    const key = living.sort().join();
    // One that came and died between two looks was never among them.
    if (hasNews || key !== this.#living) this.#parts.onChange();
    this.#living = key;
  }

  #watch(workers: readonly WorkerSigns[]): void {
    const { watchLock, onSign } = this.#parts;
    for (const { incarnation, expired, locked, unlocked } of workers) {
      if (expired || !locked || unlocked || this.#watched.has(incarnation)) continue;
      this.#watched.add(incarnation);
      const end = (): boolean => this.#watched.delete(incarnation);
      // What cannot be waited for is tried again by the next look.
      watchLock(incarnation, this.#ending.signal)
        .finally(end)
        .then(onSign, () => {});
    }
  }

  #tell(incarnation: string): void {
    const { directory, bus, logger } = this.#parts;
    directory
      .withdraw(incarnation)
      .catch((error: unknown) => logger.debug({ err: error }, 'owner directory not told of a death'));
    bus.announce(workerEnded, { incarnation });
  }
}

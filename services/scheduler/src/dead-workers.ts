import { workerEnded } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { OwnerDirectory } from '@oio/ownership';
import type { Logger } from '@oio/runtime';
import type { SessionTable } from './ports.ts';

/** How often is looked; a process that has died is told by a second look, which follows soon. */
export const LOOK_EVERY_MS = 30;
const LOOK_AGAIN_MS = 10;

export interface DeadWorkersParts {
  readonly table: Pick<SessionTable, 'lifelessWorkers' | 'endWorkers'>;
  readonly directory: Pick<OwnerDirectory, 'withdraw'>;
  readonly bus: Pick<Bus, 'announce'>;
  readonly logger: Logger;
  /** There are sessions to be taken over. */
  readonly onDeath: () => void;
}

/**
 * Notices workers that have died (their lock is free) or hang (their lease has run out), and tells everybody. It may be
 * wrong: a worker that was ended by mistake finds its sessions under other epochs and goes on.
 */
export class DeadWorkers {
  readonly #parts: DeadWorkersParts;
  /** Found with a free lock by the last look: a connection that is just being opened anew is no death. */
  #suspects: ReadonlySet<string> = new Set();
  /** Those that were dealt with and whose rows are still there. */
  #told: ReadonlySet<string> = new Set();

  constructor(parts: DeadWorkersParts) {
    this.#parts = parts;
  }

  /** Returns in how many milliseconds the next look should be. */
  async look(): Promise<number> {
    const { table, logger, onDeath } = this.#parts;
    const lifeless = await table.lifelessWorkers();
    const dead = lifeless.filter(({ incarnation, expired }) => expired || this.#suspects.has(incarnation));
    const news = dead.filter(({ incarnation }) => !this.#told.has(incarnation));
    const isNew = lifeless.some(({ incarnation, expired }) => !expired && !this.#suspects.has(incarnation));
    this.#suspects = new Set(lifeless.map(({ incarnation }) => incarnation));
    if (news.length > 0) {
      await table.endWorkers(news.map(({ incarnation }) => incarnation));
      for (const { incarnation, expired } of news) {
        logger.info({ incarnation, expired }, 'worker ended');
        this.#tell(incarnation);
      }
      onDeath();
    }
    this.#told = new Set(dead.map(({ incarnation }) => incarnation));
    return isNew ? LOOK_AGAIN_MS : LOOK_EVERY_MS;
  }

  #tell(incarnation: string): void {
    const { directory, bus, logger } = this.#parts;
    directory
      .withdraw(incarnation)
      .catch((error: unknown) => logger.debug({ err: error }, 'owner directory not told of a death'));
    bus.announce(workerEnded, { incarnation });
  }
}

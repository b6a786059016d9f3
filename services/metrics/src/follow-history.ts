import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '@oio/errors';
import type { Logger } from '@oio/runtime';
import type { Entry, EventLedger } from './event-ledger.ts';
import type { HistoryPage, HistoryPlace, SessionHistory } from './ports.ts';

/** Pause before a page is read again that could not be, in milliseconds. */
const AGAIN_MS = 1_000;

export interface HistoryFollowerParts {
  readonly history: Pick<SessionHistory, 'page'>;
  readonly ledger: Pick<EventLedger, 'recall'>;
  readonly record: (entry: Entry) => void;
  readonly logger: Logger;
}

/**
 * Counts the whole stored history, so that every instance has the same totals, whenever and however often it was started,
 * and says from when on the bus takes over. What the bus brings before that stands in the store, so that it is passed over:
 * nothing piles up while a long history is read.
 */
export class HistoryFollower {
  readonly #parts: HistoryFollowerParts;
  readonly #caughtUp = Promise.withResolvers<boolean>();
  #isNear = false;

  constructor(parts: HistoryFollowerParts) {
    this.#parts = parts;
  }

  /** Resolves once everything that is stored was counted, or the signal came; an outage of the store is waited out. */
  async catchUp(signal: AbortSignal): Promise<void> {
    try {
      const near = await this.#readOn(null, signal);
      // What the bus brings from here on waits; what it brought before can be read.
      this.#isNear = true;
      await this.#readOn(near, signal);
      this.#caughtUp.resolve(!signal.aborted);
    } finally {
      this.#caughtUp.resolve(false);
    }
  }

  /** Whether an event that the bus has brought is to be counted; resolves when it is its turn. */
  async isTurn(): Promise<boolean> {
    return this.#isNear && this.#caughtUp.promise;
  }

  async #readOn(after: HistoryPlace | null, signal: AbortSignal): Promise<HistoryPlace | null> {
    const { ledger, record } = this.#parts;
    for (let from = after; ; ) {
      const page = await this.#pageAfter(from, signal);
      if (!page) return from;
      for (const event of page.events) {
        const entry = await ledger.recall(event);
        if (entry) record(entry);
      }
      from = page.end;
      if (page.isLast) return from;
    }
  }

  /** Null when the signal has come. */
  async #pageAfter(from: HistoryPlace | null, signal: AbortSignal): Promise<HistoryPage | null> {
    while (!signal.aborted) {
      try {
        return await this.#parts.history.page(from);
      } catch (error) {
        if (!(error instanceof AppError && error.retryable)) throw error;
        this.#parts.logger.warn({ err: error }, 'history not read; tried again');
        await pause(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    return null;
  }
}

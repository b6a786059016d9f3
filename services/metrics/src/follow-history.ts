import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '@oio/errors';
import { leaveInTime, type Logger } from '@oio/runtime';
import type { HeardEvents } from './heard-events.ts';
import type { Entry, KnownSessions } from './known-sessions.ts';
import type { HistoryPage, HistoryPlace, SavedTotals, SessionHistory } from './ports.ts';
import type { EventSource } from './telemetry.ts';
import type { Totals } from './totals.ts';

/** How often it looks for what was committed. */
const LOOK_MS = 500;
/** Pause before something is done again that has failed. */
const AGAIN_MS = 1_000;
/** How long an end waits for a database that hangs. */
const LEAVE_MS = 5_000;

export interface HistoryFollowerParts {
  readonly history: SessionHistory;
  readonly saved: SavedTotals;
  readonly heard: Pick<HeardEvents, 'take'>;
  readonly sessions: KnownSessions;
  readonly totals: Pick<Totals, 'restore' | 'toJSON'>;
  /** Counts one event. Does not throw. */
  readonly record: (entry: Entry) => void;
  readonly counted: (source: EventSource, number: number) => void;
  /** How often the totals are stored, in milliseconds. */
  readonly saveEveryMs: number;
  readonly logger: Logger;
}

/**
 * Counts the history of all sessions in the order in which it was committed, each event once, and stores the totals together
 * with the place up to which they are counted. Totals and place are one value, which only the history decides: whoever goes on
 * from what is stored comes to the same totals, whenever it was stored, and by which instance.
 */
export class HistoryFollower implements AsyncDisposable {
  readonly #parts: HistoryFollowerParts;
  readonly #ending = new AbortController();
  readonly #caughtUp = Promise.withResolvers<void>();
  readonly #work: Promise<void>;
  #place: HistoryPlace | null = null;
  #isCatchingUp = true;
  #isResumed = false;
  #savedPlace: HistoryPlace | null = null;
  #savedAtMs = performance.now();

  constructor(parts: HistoryFollowerParts) {
    this.#parts = parts;
    this.#work = this.#run();
  }

  /** Whether stored events are left that are not counted: not before those that were there at the start. */
  get isCatchingUp(): boolean {
    return this.#isCatchingUp;
  }

  /** Resolves when everything is counted that was stored, or after so long. */
  async caughtUpWithin(ms: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([this.#caughtUp.promise, late]);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await leaveInTime(this.#work, LEAVE_MS);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#step();
        failures = 0;
      } catch (error) {
        if (failures === 0) this.#tell(error);
        failures += 1;
      }
      await pause(failures > 0 ? AGAIN_MS : this.#restMs(), undefined, { signal }).catch(() => {});
    }
    await this.#save().catch(() => {});
  }

  #restMs(): number {
    return this.#isCatchingUp ? 0 : LOOK_MS;
  }

  /** An outage is waited out. What is not one is a defect; to go on trying costs little and may help. */
  #tell(error: unknown): void {
    const isOutage = error instanceof AppError && error.retryable;
    this.#parts.logger[isOutage ? 'warn' : 'error']({ err: error }, 'history not counted; tried again');
  }

  async #step(): Promise<void> {
    const { history, heard } = this.#parts;
    if (!this.#isResumed) await this.#resume();
    for (let isLast = false; !isLast && !this.#ending.signal.aborted; ) {
      const page = await history.page(this.#place, heard);
      if (!page) return this.#startOver();
      await this.#count(page);
      isLast = page.isLast;
      if (performance.now() - this.#savedAtMs >= this.#parts.saveEveryMs) await this.#save();
    }
    if (this.#ending.signal.aborted) return;
    this.#isCatchingUp = false;
    this.#caughtUp.resolve();
  }

  /** Goes on from what is stored. */
  async #resume(): Promise<void> {
    const progress = await this.#parts.saved.load();
    if (progress) this.#parts.totals.restore(progress.totals);
    this.#place = progress?.place ?? null;
    this.#savedPlace = this.#place;
    this.#isResumed = true;
  }

  /** The history is another one now. */
  #startOver(): void {
    const { totals, sessions, logger } = this.#parts;
    logger.warn({ place: this.#place }, 'the history is another one, counted anew');
    totals.restore({});
    sessions.clear();
    this.#place = null;
    this.#isCatchingUp = true;
  }

  /** All that is read is read before anything is counted, so that a failure leaves totals and place as they were. */
  async #count({ events, read, end }: HistoryPage): Promise<void> {
    const { history, sessions, record, counted } = this.#parts;
    const strangers = sessions.strangers(events);
    if (strangers.length > 0) for (const event of await history.before(strangers)) sessions.advance(event);
    for (const event of events) record(sessions.advance(event));
    this.#place = end;
    counted('database', read);
    counted('bus', events.length - read);
    sessions.trim();
  }

  async #save(): Promise<void> {
    const place = this.#place;
    this.#savedAtMs = performance.now();
    if (!place || place === this.#savedPlace) return;
    await this.#parts.saved.save({ place, totals: this.#parts.totals.toJSON() });
    this.#savedPlace = place;
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { StoredSessionEvent } from '@oio/contracts';
import { leaveInTime, type Logger } from '@oio/runtime';
import { FreshEvents } from './fresh-events.ts';
import type { HistoryPlace, HistoryTail } from './history-tail.ts';
import { PagesUnderWay } from './pages-under-way.ts';
import { OrderedPublisher, type PublisherParts } from './publish-in-order.ts';

/** How often it looks without being woken, and asks for its turn. */
const LOOK_MS = 500;
/** While commits keep coming, a page is read this often: to read one costs the same, however short it is. */
const GATHER_MS = 20;
/** How long the noted place may be behind: after a crash as much is published again. */
const NOTE_EVERY_MS = 200;
/** How long an end may take for what is unpublished. */
const FINISH_MS = 2_000;
/** And for what a bus that hangs does not confirm. */
const LEAVE_MS = 5_000;
const RETRY = { firstMs: 100, longestMs: 1_000 } as const;
/** With nothing to read and something unpublished that is older than this, somebody must be told. */
const HELD_UP_MS = 5_000;

export interface RelayParts extends PublisherParts {
  readonly tail: HistoryTail;
  /** Whether this relay is the one of all candidates that publishes; asked before each page. */
  readonly isMyTurn: () => Promise<boolean>;
  readonly logger: Logger;
}

export interface RelayFigures {
  readonly active: boolean;
  /** Since the start of this one. */
  readonly published: number;
  readonly parked: number;
  /** The age of the oldest event that is not published, in milliseconds; up to 200 while everything is well. */
  readonly backlogAgeMs: number;
}

/** Publishes what was committed: everything, at least once, in the order of each session. */
export interface Relay extends AsyncDisposable {
  /** These were committed, and perhaps others as well. */
  hear(events: readonly StoredSessionEvent[]): void;
  /** Throws `UnavailableError` without a database. */
  figures(): Promise<RelayFigures>;
}

/** Starts a candidate; of several processes the one publishes whose turn it is. Failures are its own business. */
export function startRelay(parts: RelayParts): Relay {
  return new HistoryRelay(parts);
}

class HistoryRelay implements Relay {
  readonly #parts: RelayParts;
  readonly #publisher: OrderedPublisher;
  readonly #ending = new AbortController();
  readonly #work: Promise<void>;
  /** How far it has published; null while it is another one's turn. */
  #place: HistoryPlace | null = null;
  /** How far it has read; what lies between is under way. */
  #readTo: HistoryPlace | null = null;
  readonly #pages = new PagesUnderWay(() => this.#wake());
  readonly #fresh = new FreshEvents();
  #noted: { readonly place: HistoryPlace; readonly atMs: number } | null = null;
  #isWoken = false;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #nap: () => void = () => {};
  #heldUpToldAtMs = performance.now();

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#publisher = new OrderedPublisher(parts);
    this.#work = this.#run();
  }

  hear(events: readonly StoredSessionEvent[]): void {
    if (this.#place) this.#fresh.keep(events);
    this.#wake();
  }

  async figures(): Promise<RelayFigures> {
    const { published, parked } = this.#publisher;
    return { active: this.#place !== null, published, parked, backlogAgeMs: await this.#parts.tail.backlogAgeMs() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#nap();
    await leaveInTime(this.#work, LEAVE_MS);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#ending.signal.aborted) {
      try {
        await this.#step();
        if (failures > 0) this.#parts.logger.info({ failures }, 'relay works again');
        failures = 0;
      } catch (error) {
        if (failures === 0) this.#parts.logger.warn({ err: error }, 'relay held up');
        await this.#beginAgain();
        failures += 1;
        const pauseMs = Math.min(RETRY.longestMs, RETRY.firstMs * 2 ** (failures - 1));
        await pause(pauseMs, undefined, { signal: this.#ending.signal }).catch(() => {});
      }
    }
    if (failures === 0) await this.#finish().catch(() => {});
    await this.#note().catch(() => {});
  }

  /** What was committed until now still goes out, unless there is too much of it; the next one in turn finds the rest. */
  async #finish(): Promise<void> {
    const endsAtMs = performance.now() + FINISH_MS;
    let isLast = this.#place === null;
    while (!isLast && performance.now() < endsAtMs) isLast = await this.#publishPage();
    await this.#pages.settle();
  }

  /** One page, or a rest when there is none. */
  async #step(): Promise<void> {
    this.#pages.assertWell();
    if (!(await this.#parts.isMyTurn())) {
      await this.#beginAgain();
      this.#place = null;
      return this.#rest({ forMs: LOOK_MS, wakeable: false });
    }
    this.#place ??= await this.#begin();
    this.#isWoken = false;
    const isLast = await this.#publishPage();
    if (this.#isBehind() && performance.now() - (this.#noted?.atMs ?? 0) >= NOTE_EVERY_MS) await this.#note();
    if (!isLast) return;
    await this.#rest({ forMs: this.#isBehind() ? NOTE_EVERY_MS : LOOK_MS, wakeable: true });
    await this.#gather();
  }

  /** Of what keeps coming not each commit has a page of its own. */
  async #gather(): Promise<void> {
    const leftMs = this.#readAtMs + GATHER_MS - performance.now();
    if (leftMs > 0) await pause(leftMs, undefined, { signal: this.#ending.signal }).catch(() => {});
  }

  /** Reads a page and hands it over to be published. Answers whether there was nothing behind it. */
  async #publishPage(): Promise<boolean> {
    if (!this.#place) return true;
    this.#readAtMs = performance.now();
    const { events, end, isLast } = await this.#parts.tail.read(this.#readTo ?? this.#place, this.#fresh);
    if (end) {
      this.#readTo = end;
      await this.#pages.add(
        () => this.#publisher.publish(events),
        () => {
          this.#place = end;
        },
      );
    } else if (this.#pages.isEmpty) await this.#tellOfHoldUp();
    return isLast;
  }

  /** After a failure: from behind the last page that is published for sure. */
  async #beginAgain(): Promise<void> {
    await this.#pages.clear();
    this.#publisher.startOver();
    this.#readTo = null;
  }

  async #begin(): Promise<HistoryPlace> {
    const place = await this.#parts.tail.begin();
    this.#noted = { place, atMs: performance.now() };
    this.#parts.logger.info({ place }, 'relay publishes');
    return place;
  }

  #wake(): void {
    this.#isWoken = true;
    this.#nap();
  }

  #isBehind(): boolean {
    return !this.#pages.isEmpty || (this.#place !== null && this.#place !== this.#noted?.place);
  }

  async #note(): Promise<void> {
    const place = this.#place;
    if (!place || place === this.#noted?.place) return;
    await this.#parts.tail.moveTo(place);
    this.#noted = { place, atMs: performance.now() };
  }

  async #tellOfHoldUp(): Promise<void> {
    if (performance.now() - this.#heldUpToldAtMs < HELD_UP_MS) return;
    this.#heldUpToldAtMs = performance.now();
    const { tail, logger } = this.#parts;
    const backlogAgeMs = await tail.backlogAgeMs();
    if (backlogAgeMs < HELD_UP_MS) return;
    logger.warn(
      { backlogAgeMs, by: await tail.holdUp() },
      'an open transaction keeps the history from being published',
    );
  }

  /** Until something is committed or it is time to look again. */
  async #rest({ forMs, wakeable }: { readonly forMs: number; readonly wakeable: boolean }): Promise<void> {
    if (this.#ending.signal.aborted || (wakeable && this.#isWoken)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, forMs);
    this.#nap = () => {
      if (wakeable || this.#ending.signal.aborted) resolve();
    };
    await promise;
    clearTimeout(timer);
  }
}

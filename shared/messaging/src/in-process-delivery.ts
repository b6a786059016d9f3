import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import type { SubscribeOptions } from './bus.ts';
import { redeliveryPauseMs } from './redelivery.ts';

/** How many messages may wait for one subscriber. Beyond it an event is refused, and of the live news the oldest go. */
const EVENT_BACKLOG = 10_000;
const LIVE_BACKLOG = 1_000;

export interface Message {
  readonly subject: string;
  readonly payload: unknown;
  /** News, delivered at most once; otherwise an event, delivered until its handler is done with it. */
  readonly live: boolean;
}

/** Told of what nobody else learns of: errors of handlers, and what was dropped. */
export type Report = (error: unknown, subject: string) => void;

/** The queue of one subscription: one message at a time, in order; an event whose handler throws comes again. */
export class Delivery {
  readonly group: string | undefined;
  readonly #handler: SubscribeOptions<unknown>['handler'];
  readonly #report: Report;
  readonly #queue: Message[] = [];
  readonly #ending = new AbortController();
  #working: Promise<void> | null = null;
  #isDropping = false;

  constructor({ group, handler }: SubscribeOptions<unknown>, report: Report) {
    this.group = group;
    this.#handler = handler;
    this.#report = report;
  }

  get backlog(): number {
    return this.#queue.length;
  }

  /** Puts the message into the queue. Throws `UnavailableError` code `backlog_full` when there is no room for an event. */
  push(message: Message): void {
    if (message.live && this.#queue.length >= LIVE_BACKLOG) this.#dropOldestNews(message.subject);
    if (this.#queue.length >= EVENT_BACKLOG) {
      throw new UnavailableError('A subscriber is too far behind to take the event.', { code: 'backlog_full' });
    }
    this.#queue.push(message);
    this.#working ??= this.#work();
  }

  /** Waits for the handler under way and returns the events that it has not been given, or failed on. */
  async end(): Promise<Message[]> {
    this.#ending.abort();
    await this.#working;
    return this.#queue.splice(0).filter(({ live }) => !live);
  }

  async #work(): Promise<void> {
    // The publisher goes on first: a handler never runs inside the call that published.
    await Promise.resolve();
    while (!this.#ending.signal.aborted) {
      const message = this.#queue.shift();
      if (!message) break;
      await this.#deliver(message);
    }
    // In the same turn as the look at the empty queue: whoever pushes next starts the work anew.
    this.#working = null;
    this.#isDropping = false;
  }

  async #deliver(message: Message): Promise<void> {
    for (let deliveries = 1; ; deliveries += 1) {
      try {
        await this.#handler(message.payload);
        return;
      } catch (error) {
        this.#report(error, message.subject);
        const pauseMs = message.live ? null : redeliveryPauseMs(error, deliveries);
        if (pauseMs === null) return;
        await pause(pauseMs, undefined, { signal: this.#ending.signal }).catch(() => {});
      }
      if (!this.#ending.signal.aborted) continue;
      this.#queue.unshift(message);
      return;
    }
  }

  #dropOldestNews(subject: string): void {
    const oldest = this.#queue.findIndex(({ live }) => live);
    if (oldest !== -1) this.#queue.splice(oldest, 1);
    if (this.#isDropping) return;
    this.#isDropping = true;
    this.#report(new UnavailableError('A slow listener misses live news.', { code: 'news_dropped' }), subject);
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import type { SubscribeOptions } from './bus.ts';
import type { Operator } from './operator.ts';
import { park } from './parking.ts';
import { redeliveryPauseMs } from './redelivery.ts';
import { encodeEvent } from './wire.ts';

/** How many messages may wait for one subscriber. Beyond it an event is refused, and of the live news the oldest go. */
const EVENT_BACKLOG = 10_000;
const LIVE_BACKLOG = 1_000;

export interface Message {
  readonly subject: string;
  readonly payload: unknown;
  /** The id of an event, delivered until its handler is done with it; null for news, delivered at most once. */
  readonly id: string | null;
  /** Called when the handler is done with it, well or in vain. */
  readonly done?: () => void;
}

/** The queue of one subscription: one message at a time, in order; an event whose handler throws comes again. */
export class Delivery {
  readonly group: string | undefined;
  readonly #handler: SubscribeOptions<unknown>['handler'];
  readonly #operator: Operator;
  readonly #queue: Message[] = [];
  readonly #ending = new AbortController();
  #working: Promise<void> | null = null;
  #isDropping = false;

  constructor({ group, handler }: SubscribeOptions<unknown>, operator: Operator) {
    this.group = group;
    this.#handler = handler;
    this.#operator = operator;
  }

  get backlog(): number {
    return this.#queue.length;
  }

  /** Puts the message into the queue. Throws `UnavailableError` code `backlog_full` when there is no room for an event. */
  push(message: Message): void {
    if (message.id === null && this.#queue.length >= LIVE_BACKLOG) this.#dropOldestNews(message.subject);
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
    return this.#queue.splice(0).filter(({ id }) => id !== null);
  }

  async #work(): Promise<void> {
    // The publisher goes on first: a handler never runs inside the call that published.
    await Promise.resolve();
    while (!this.#ending.signal.aborted) {
      const message = this.#queue.shift();
      if (!message) break;
      if (await this.#deliver(message)) message.done?.();
    }
    // In the same turn as the look at the empty queue: whoever pushes next starts the work anew.
    this.#working = null;
    this.#isDropping = false;
  }

  /** Whether it is over: false when the subscription ended before. */
  async #deliver(message: Message): Promise<boolean> {
    for (let deliveries = 1; ; deliveries += 1) {
      try {
        await this.#handler(message.payload);
        return true;
      } catch (error) {
        this.#operator.report(error, message.subject);
        if (message.id === null) return true;
        const pauseMs = redeliveryPauseMs(error, deliveries);
        if (pauseMs === null) {
          await this.#park({ ...message, id: message.id }, error);
          return true;
        }
        await pause(pauseMs, undefined, { signal: this.#ending.signal }).catch(() => {});
      }
      if (!this.#ending.signal.aborted) continue;
      this.#queue.unshift(message);
      return false;
    }
  }

  #park({ subject, id, payload }: Message & { readonly id: string }, error: unknown): Promise<void> {
    const body = encodeEvent(id, payload);
    return park(this.#operator, { subject, group: this.group, reason: 'unprocessable', error, body });
  }

  #dropOldestNews(subject: string): void {
    const oldest = this.#queue.findIndex(({ id }) => id === null);
    if (oldest !== -1) this.#queue.splice(oldest, 1);
    if (this.#isDropping) return;
    this.#isDropping = true;
    this.#operator.report(new UnavailableError('A slow listener misses live news.', { code: 'news_dropped' }), subject);
  }
}

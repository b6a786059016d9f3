import type { SubscribeOptions } from './bus.ts';

/** How many messages may wait for one subscriber. Beyond it events make the publisher wait and live news are dropped. */
const BACKLOG = 10_000;
const REDELIVERY_PAUSE_MS = 50;

/** The queue of one subscription: one message at a time, in order; an event whose handler throws comes again. */
export class Delivery {
  readonly group: string | undefined;
  readonly #handler: SubscribeOptions<unknown>['handler'];
  readonly #overflow: 'wait' | 'drop';
  readonly #onBug: (error: unknown, subject: string) => void;
  readonly #queue: unknown[] = [];
  #space: (() => void)[] = [];
  #worker: Promise<void> | null = null;
  #ended = false;

  constructor(
    options: SubscribeOptions<unknown>,
    overflow: 'wait' | 'drop',
    onBug: (error: unknown, subject: string) => void,
  ) {
    this.group = options.group;
    this.#handler = options.handler;
    this.#overflow = overflow;
    this.#onBug = onBug;
  }

  get backlog(): number {
    return this.#queue.length;
  }

  async push(message: unknown): Promise<void> {
    if (this.#ended) return;
    if (this.#queue.length >= BACKLOG) {
      if (this.#overflow === 'drop') return;
      await new Promise<void>((resolve) => this.#space.push(resolve));
    }
    this.#queue.push(message);
    this.#worker ??= this.#work().finally(() => {
      this.#worker = null;
    });
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#queue.length = 0;
    this.#release();
    await this.#worker;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const done = await this.#attempt(this.#queue[0]);
      if (this.#ended) return;
      if (done || this.#overflow === 'drop') this.#queue.shift();
      else await new Promise((resolve) => setTimeout(resolve, REDELIVERY_PAUSE_MS));
      if (this.#queue.length < BACKLOG) this.#release();
    }
  }

  async #attempt(message: unknown): Promise<boolean> {
    try {
      await this.#handler(message);
      return true;
    } catch (error) {
      this.#onBug(error, 'subscription');
      return false;
    }
  }

  #release(): void {
    const waiting = this.#space;
    this.#space = [];
    for (const resume of waiting) resume();
  }
}

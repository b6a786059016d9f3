import { UnavailableError } from '@oio/errors';

export interface OrderLimitOptions {
  /** Orders at a time: where the limit begins, and what it stays between. */
  readonly first: number;
  readonly fewest: number;
  readonly most: number;
  /** What half of the orders should not take longer than, in milliseconds. */
  readonly targetMs: number;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
}

/** What the orders of one window took; the limit is judged by it once it is long and full enough. */
const WINDOW_MS = 100;
const WINDOW_ORDERS = 10;
const SHRINK = 0.8;
const GROW = 1.1;

/**
 * How many orders may be on their way into the system. The limit is found by what they take: while most of them take too
 * long it shrinks, since more would only wait longer behind each other; while they are quick and it is used it grows.
 */
export class OrderLimit {
  readonly #options: Required<OrderLimitOptions>;
  #limit: number;
  #underWay = 0;
  #mostUnderWay = 0;
  #tookMs: number[] = [];
  #windowFrom: number;

  constructor(options: OrderLimitOptions) {
    this.#options = { now: () => performance.now(), ...options };
    this.#limit = options.first;
    this.#windowFrom = this.#options.now();
  }

  get isFull(): boolean {
    return this.#underWay >= Math.floor(this.#limit);
  }

  /** Throws `UnavailableError` code `overloaded` at once when too many are under way. */
  async run<T>(order: () => Promise<T>): Promise<T> {
    if (this.isFull) throw overloaded();
    this.#underWay += 1;
    this.#mostUnderWay = Math.max(this.#mostUnderWay, this.#underWay);
    const from = this.#options.now();
    try {
      return await order();
    } finally {
      this.#underWay -= 1;
      this.#tookMs.push(this.#options.now() - from);
      this.#judge();
    }
  }

  #judge(): void {
    const now = this.#options.now();
    if (this.#tookMs.length < WINDOW_ORDERS || now - this.#windowFrom < WINDOW_MS) return;
    const { fewest, most, targetMs } = this.#options;
    const median = this.#tookMs.sort((a, b) => a - b)[this.#tookMs.length >> 1] ?? 0;
    if (median > targetMs) this.#limit = Math.max(fewest, this.#limit * SHRINK);
    else if (this.#mostUnderWay > this.#limit * SHRINK) this.#limit = Math.min(most, this.#limit * GROW);
    this.#windowFrom = now;
    this.#tookMs = [];
    this.#mostUnderWay = this.#underWay;
  }
}

export function overloaded(): UnavailableError {
  return new UnavailableError('Too many requests at a time; try again shortly.', {
    code: 'overloaded',
    retryAfterMs: 1_000,
  });
}

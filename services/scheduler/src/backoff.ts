import type { Clock } from '@oio/runtime';

export interface BackoffOptions {
  readonly clock: Clock;
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Keeps what failed away for a while: exponentially longer with each failure in a row. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #entries = new Map<string, { failures: number; untilMs: number; isRested: boolean }>();

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Notes a failure; returns how many there were in a row. */
  fail(key: string): number {
    const { clock, firstMs, longestMs } = this.#options;
    const failures = (this.#entries.get(key)?.failures ?? 0) + 1;
    const pauseMs = Math.min(longestMs, firstMs * 2 ** Math.min(30, failures - 1));
    this.#entries.set(key, { failures, untilMs: clock.monotonicMs() + pauseMs, isRested: false });
    return failures;
  }

  succeed(key: string): void {
    this.#entries.delete(key);
  }

  /** What failed under other circumstances may be tried at once, as if it had not. */
  forgetAll(): void {
    this.#entries.clear();
  }

  isCooling(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#options.clock.monotonicMs() < entry.untilMs;
  }

  /** All that are kept away now. Forgets those that have long been let go and did not fail again. */
  cooling(): string[] {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [key, { untilMs }] of this.#entries) {
      if (nowMs > untilMs + this.#options.longestMs) this.#entries.delete(key);
    }
    return [...this.#entries.keys()].filter((key) => this.isCooling(key));
  }

  /** Those whose pause is over; each once. */
  rested(): string[] {
    const nowMs = this.#options.clock.monotonicMs();
    const over = [...this.#entries].filter(([, { untilMs, isRested }]) => !isRested && nowMs >= untilMs);
    for (const [, entry] of over) entry.isRested = true;
    return over.map(([key]) => key);
  }
}

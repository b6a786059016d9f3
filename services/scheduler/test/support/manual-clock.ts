import type { Clock } from '@oio/runtime';

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #ms = 1_000_000;

  now(): string {
    return new Date(this.#ms).toISOString();
  }

  monotonicMs(): number {
    return this.#ms;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}

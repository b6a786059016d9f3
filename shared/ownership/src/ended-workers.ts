import { setTimeout as pause } from 'node:timers/promises';

/** For how long the news counts, in milliseconds: until then every other memory of the worker is gone. One that was ended by mistake may come back. */
const COUNTS_MS = 3_000;

/** The workers that are known to have just ended. */
export class EndedWorkers {
  readonly #until = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #next = Promise.withResolvers<void>();
  /** How many have ended. */
  count = 0;

  has(incarnation: string): boolean {
    return (this.#until.get(incarnation) ?? 0) > performance.now();
  }

  add(incarnation: string): void {
    const nowMs = performance.now();
    for (const [id, untilMs] of this.#until) if (untilMs <= nowMs) this.#until.delete(id);
    this.#until.set(incarnation, nowMs + COUNTS_MS);
    this.count += 1;
    for (const tell of this.#waiting.get(incarnation) ?? []) tell();
    this.#waiting.delete(incarnation);
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }

  /** Resolves once more workers have ended than that, or else after so long. */
  async moreThan(count: number, withinMs: number): Promise<void> {
    if (this.count > count) return;
    const over = new AbortController();
    await Promise.race([this.#next.promise, pause(withinMs, undefined, over)]).finally(() => over.abort());
  }

  /** Calls `tell` when the worker ends, unless the function returned is called before. */
  onEnd(incarnation: string, tell: () => void): () => void {
    const waiting = this.#waiting.get(incarnation) ?? new Set();
    this.#waiting.set(incarnation, waiting.add(tell));
    return () => {
      waiting.delete(tell);
      if (waiting.size === 0 && this.#waiting.get(incarnation) === waiting) this.#waiting.delete(incarnation);
    };
  }
}

/** How many ended workers are kept in mind. An incarnation never comes back, so that forgetting one costs a time-out at most. */
const KEPT = 1_000;

/** The workers that are known to be gone, by the news of their end. */
export class EndedWorkers {
  readonly #ended = new Set<string>();
  readonly #waiting = new Map<string, Set<() => void>>();

  has(incarnation: string): boolean {
    return this.#ended.has(incarnation);
  }

  add(incarnation: string): void {
    this.#ended.add(incarnation);
    if (this.#ended.size > KEPT) for (const oldest of this.#ended.values().take(1)) this.#ended.delete(oldest);
    for (const tell of this.#waiting.get(incarnation) ?? []) tell();
    this.#waiting.delete(incarnation);
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

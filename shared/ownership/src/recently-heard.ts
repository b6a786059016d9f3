/** Without a sign of life for this long one is not chosen any more, in milliseconds. They give one about every second. */
const SILENCE_MS = 2_500;

/** Those that have made themselves heard lately. One that hangs falls silent, and would still be given its share of a queue group. */
export class RecentlyHeard {
  readonly #heardMs = new Map<string, number>();
  #turn = 0;

  hear(id: string): void {
    this.#heardMs.set(id, performance.now());
  }

  forget(id: string): void {
    this.#heardMs.delete(id);
  }

  /** The preferred one if it is known, else one of them, in turn; null when none is. */
  pick(preferred?: string | null): string | null {
    const sinceMs = performance.now() - SILENCE_MS;
    for (const [id, atMs] of this.#heardMs) if (atMs < sinceMs) this.#heardMs.delete(id);
    if (preferred && this.#heardMs.has(preferred)) return preferred;
    if (this.#heardMs.size === 0) return null;
    this.#turn = (this.#turn + 1) % this.#heardMs.size;
    return Array.from(this.#heardMs.keys())[this.#turn] ?? null;
  }
}

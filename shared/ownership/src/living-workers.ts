/** Without a sign of life for this long a worker is not chosen any more, in milliseconds. They give one about every second. */
const SILENCE_MS = 3_000;

/** The workers that have made themselves heard lately. One that hangs falls silent, and would still be given its share of a queue group. */
export class LivingWorkers {
  readonly #heardMs = new Map<string, number>();
  #turn = 0;

  hear(incarnation: string): void {
    this.#heardMs.set(incarnation, performance.now());
  }

  forget(incarnation: string): void {
    this.#heardMs.delete(incarnation);
  }

  /** One of them, in turn; null when none is known. */
  pick(): string | null {
    const sinceMs = performance.now() - SILENCE_MS;
    for (const [incarnation, atMs] of this.#heardMs) if (atMs < sinceMs) this.#heardMs.delete(incarnation);
    if (this.#heardMs.size === 0) return null;
    this.#turn = (this.#turn + 1) % this.#heardMs.size;
    return Array.from(this.#heardMs.keys())[this.#turn] ?? null;
  }
}

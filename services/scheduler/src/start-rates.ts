/** That of the slowest rate, one start a minute. */
const LONGEST_GAP_MS = 60_000;

/** When each limit lets the next one start. Starts are spread evenly, so that no minute has more than it may have. */
export class StartRates {
  readonly #nowMs: () => number;
  readonly #beganAtMs: number;
  /** The latest last. */
  readonly #lastStarts = new Map<string, number>();

  /** Nobody knows what started before: that is why the first start waits as if one had just been. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#beganAtMs = nowMs();
  }

  /** Of how many limits the last start is remembered. */
  get size(): number {
    return this.#lastStarts.size;
  }

  /** In how many milliseconds the next may start; 0: now. */
  waitMs(resource: string, gapMs: number): number {
    if (gapMs === 0) return 0;
    return Math.max(0, (this.#lastStarts.get(resource) ?? this.#beganAtMs) + gapMs - this.#nowMs());
  }

  note(resource: string, gapMs: number): void {
    this.#lastStarts.delete(resource);
    if (gapMs > 0) this.#lastStarts.set(resource, this.#nowMs());
    this.#forget();
  }

  /** Clients name keys and directories, without an end: a start that keeps nobody waiting any more is forgotten. */
  #forget(): void {
    const overMs = this.#nowMs() - LONGEST_GAP_MS;
    for (const [resource, startedAtMs] of this.#lastStarts) {
      if (startedAtMs > overMs) return;
      this.#lastStarts.delete(resource);
    }
  }
}

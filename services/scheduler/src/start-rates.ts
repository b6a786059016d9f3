/** When each limit lets the next one start. Starts are spread evenly, so that no minute has more than it may have. */
export class StartRates {
  readonly #nowMs: () => number;
  readonly #beganAtMs: number;
  readonly #lastStarts = new Map<string, number>();

  /** Nobody knows what started before: that is why the first start waits as if one had just been. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#beganAtMs = nowMs();
  }

  /** In how many milliseconds the next may start; 0: now. */
  waitMs(resource: string, gapMs: number): number {
    if (gapMs === 0) return 0;
    return Math.max(0, (this.#lastStarts.get(resource) ?? this.#beganAtMs) + gapMs - this.#nowMs());
  }

  note(resource: string, gapMs: number): void {
    if (gapMs === 0) this.#lastStarts.delete(resource);
    else this.#lastStarts.set(resource, this.#nowMs());
  }
}

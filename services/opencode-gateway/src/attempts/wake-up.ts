/** Lets one waiter sleep until something may have changed: rung by events, or when the time is up. */
export class WakeUp {
  #rung = false;
  #wake: (() => void) | null = null;
  #soon: NodeJS.Timeout | null = null;

  /** Wakes now, or after `delayMs`, by which further rings are taken together. */
  ring(delayMs = 0): void {
    if (delayMs === 0) this.#now();
    else this.#soon ??= setTimeout(() => this.#now(), delayMs);
  }

  async wait(longestMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, longestMs);
      this.#wake = resolve;
      const onAbort = (): void => resolve();
      signal.addEventListener('abort', onAbort);
      await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
    this.#rung = false;
    this.#wake = null;
    signal.throwIfAborted();
  }

  #now(): void {
    if (this.#soon) clearTimeout(this.#soon);
    this.#soon = null;
    this.#rung = true;
    this.#wake?.();
  }
}

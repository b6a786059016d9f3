/** How much is being done, and a way to wait until nothing is. A count, because it is kept for every request. */
export class UnderWay {
  #count = 0;
  #over: PromiseWithResolvers<void> | null = null;

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    this.#over?.resolve();
    this.#over = null;
  }

  /** Resolves once all that had begun has ended. */
  over(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    this.#over ??= Promise.withResolvers();
    return this.#over.promise;
  }
}

const PATIENCE_MS = 20_000;

/** Collects what a handler is given, and lets a test wait until so many have come. */
export class Inbox<T> {
  readonly messages: T[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  readonly take = (message: T): void => {
    this.messages.push(message);
    for (const { count, resolve } of this.#waiting) if (this.messages.length >= count) resolve();
  };

  /** Resolves when so many messages have come in all; fails after 20 seconds. */
  async received(count: number): Promise<readonly T[]> {
    if (this.messages.length >= count) return this.messages;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    const timer = setTimeout(
      () => reject(new Error(`Waited for ${count} messages, got ${this.messages.length}.`)),
      PATIENCE_MS,
    );
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
    return this.messages;
  }
}

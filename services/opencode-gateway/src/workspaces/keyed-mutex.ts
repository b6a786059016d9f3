/** Mutual exclusion per key, first come, first served, inside this process. */
export interface KeyedMutex {
  /** Waits for the key and holds it until the result is disposed of. Rejects with the signal's reason when aborted. */
  acquire(key: string, signal?: AbortSignal): Promise<Disposable>;
}

export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<void>>();
  return {
    async acquire(key, signal) {
      const previous = tails.get(key) ?? Promise.resolve();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const tail = previous.then(() => released);
      tails.set(key, tail);
      void tail.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      try {
        await unlessAborted(previous, signal);
      } catch (reason) {
        release();
        throw reason;
      }
      return { [Symbol.dispose]: release };
    },
  };
}

async function unlessAborted(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return turn;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([turn, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

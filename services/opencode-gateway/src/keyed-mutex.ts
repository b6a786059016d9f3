import { unlessAborted } from '@oio/runtime';

/** Mutual exclusion per key. */
export interface KeyedMutex {
  /** Waits for the key and holds it until the result is disposed of. Rejects with the signal's reason when aborted. */
  acquire(key: string, signal?: AbortSignal): Promise<Disposable>;
  /** Runs the action while it holds the key. */
  run<T>(key: string, action: () => Promise<T>): Promise<T>;
}

/** First come, first served, inside this process. */
export function createKeyedMutex(): KeyedMutex {
  const tails = new Map<string, Promise<void>>();
  const acquire = async (key: string, signal?: AbortSignal): Promise<Disposable> => {
    const previous = tails.get(key) ?? Promise.resolve();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const tail = previous.then(() => released);
    tails.set(key, tail);
    void tail.then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
    try {
      await (signal ? unlessAborted(previous, signal) : previous);
    } catch (reason) {
      release();
      throw reason;
    }
    return { [Symbol.dispose]: release };
  };
  const run = async <T>(key: string, action: () => Promise<T>): Promise<T> => {
    const held = await acquire(key);
    try {
      return await action();
    } finally {
      held[Symbol.dispose]();
    }
  };
  return { acquire, run };
}

/** A point at which an answer of the model is held until a test lets it go on. Once released it stays open. */
export interface Gate {
  /** Resolves when the first answer has arrived at the gate. */
  readonly reached: Promise<void>;
  /** Resolves when the gate is released; rejects with the signal's reason if that fires first. */
  pass(signal: AbortSignal): Promise<void>;
  release(): void;
}

/** A gate that is closed. */
export function createGate(): Gate {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    release: released.resolve,
    async pass(signal) {
      reached.resolve();
      const gone = Promise.withResolvers<never>();
      const leave = () => gone.reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      try {
        signal.throwIfAborted();
        await Promise.race([released.promise, gone.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
  };
}

import type { Logger } from '@oio/runtime';

/** Something that goes on behind a start that does not wait for its end. */
export interface Background extends AsyncDisposable {
  /** Resolves when it is done, or after so long; rejects when it failed by then. */
  doneWithin(ms: number): Promise<void>;
}

/** Runs a task that opens resources, until it is disposed of: then the task is told to end, and what it opened is closed. */
export function inBackground(
  logger: Logger,
  task: (signal: AbortSignal, resources: AsyncDisposableStack) => Promise<void>,
): Background {
  const stopping = new AbortController();
  const resources = new AsyncDisposableStack();
  const running = task(stopping.signal, resources);
  running.catch((error: unknown) => logger.error({ err: error }, 'task in the background failed'));
  return {
    async doneWithin(ms) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      await Promise.race([running, late]).finally(() => clearTimeout(timer));
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running.catch(() => {});
      await resources.disposeAsync();
    },
  };
}

import type { Logger } from '@oio/runtime';

/** Repeats a count, one at a time, until disposed. An outage is survived, and logged once. */
export function recountEvery(intervalMs: number, count: () => Promise<unknown>, logger: Logger): AsyncDisposable {
  let isFailing = false;
  let running: Promise<void> | null = null;

  const run = async (): Promise<void> => {
    try {
      await count();
      isFailing = false;
    } catch (error) {
      if (!isFailing) logger.warn({ err: error }, 'sessions not counted');
      isFailing = true;
    }
  };

  const timer = setInterval(() => {
    running ??= run().finally(() => {
      running = null;
    });
  }, intervalMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}

import type { Logger } from '@oio/runtime';

/** Does a task now and every `ms`, never twice at once; returns how to end it. */
export function repeat(ms: number, task: () => Promise<void>, logger: Logger): () => Promise<void> {
  let running: Promise<void> | null = null;
  const once = (): void => {
    running ??= task()
      .catch((error: unknown) => logger.warn({ err: error }, 'periodic task failed'))
      .finally(() => {
        running = null;
      });
  };
  once();
  const timer = setInterval(once, ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

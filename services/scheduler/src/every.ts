import type { Logger } from '@oio/runtime';

export interface Loop extends AsyncDisposable {
  /** Runs the task now, or once more after the run that is under way. */
  wake(): void;
}

/** Runs the task; returns after how many milliseconds it wants to run again, if that is sooner than the interval. */
export type LoopTask = () => Promise<number | void>;

/**
 * Repeats a task, the first time at once, one run at a time, until disposed. A run that throws is survived; it is
 * logged when an outage begins and when it ends, not for each run.
 */
export function every(intervalMs: number, task: LoopTask, { name, logger }: { readonly name: string; readonly logger: Logger }): Loop {
  let stopped = false;
  let failures = 0;
  let woken = false;
  let endRest = (): void => {};

  const attempt = async (): Promise<number> => {
    try {
      const wantedMs = await task();
      if (failures > 0) logger.info({ loop: name, failures }, 'loop works again');
      failures = 0;
      return Math.min(intervalMs, Math.max(0, wantedMs ?? intervalMs));
    } catch (error) {
      if (failures === 0) logger.error({ err: error, loop: name }, 'loop fails');
      failures += 1;
      return intervalMs;
    }
  };

  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, woken ? 0 : ms);
      endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const repeat = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      const restMs = await attempt();
      if (!stopped) await rest(restMs);
    }
  };

  const running = repeat();
  return {
    wake() {
      woken = true;
      endRest();
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      endRest();
      await running;
    },
  };
}

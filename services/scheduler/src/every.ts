import type { Logger } from '@oio/runtime';

export interface Loop extends AsyncDisposable {
  /** Runs the task now, or once more after the run that is under way. */
  wake(): void;
}

export interface LoopOptions {
  readonly name: string;
  readonly logger: Logger;
  readonly intervalMs: number;
  /** Returns after how many milliseconds it wants to run again, if that is sooner than the interval. */
  readonly task: () => Promise<number | void>;
}

/**
 * Repeats a task, the first time at once, one run at a time, until disposed. A run that throws is survived; it is
 * logged when an outage begins and when it ends, not for each run.
 */
export function every(options: LoopOptions): Loop {
  return new RepeatedTask(options);
}

class RepeatedTask implements Loop {
  readonly #options: LoopOptions;
  readonly #running: Promise<void>;
  #isStopped = false;
  #isWoken = false;
  #failures = 0;
  #endRest = (): void => {};

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#running = this.#repeat();
  }

  wake(): void {
    this.#isWoken = true;
    this.#endRest();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#endRest();
    await this.#running;
  }

  async #repeat(): Promise<void> {
    while (!this.#isStopped) {
      this.#isWoken = false;
      const restMs = await this.#run();
      if (!this.#isStopped && !this.#isWoken) await this.#rest(restMs);
    }
  }

  /** Returns how long to rest then. */
  async #run(): Promise<number> {
    const { name, logger, intervalMs, task } = this.#options;
    try {
      const wantedMs = await task();
      if (this.#failures > 0) logger.info({ loop: name, failures: this.#failures }, 'loop works again');
      this.#failures = 0;
      return Math.min(intervalMs, wantedMs ?? intervalMs);
    } catch (error) {
      if (this.#failures === 0) logger.error({ err: error, loop: name }, 'loop fails');
      this.#failures += 1;
      return intervalMs;
    }
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endRest = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

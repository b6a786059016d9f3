import { setTimeout as delay } from 'node:timers/promises';
import type { BackingServer } from '@oio/backing-servers';
import type { Logger } from '@oio/runtime';

const WATCH_MS = 250;
const AGAIN_AFTER_MS = 2_000;

/** Starts a backing server again, on its port and directory, whenever it dies; until it is disposed of, and the server with it. */
export function keepRunning(server: BackingServer, logger: Logger): AsyncDisposable {
  const stopping = new AbortController();
  const { signal } = stopping;
  const watch = async (): Promise<void> => {
    for (;;) {
      await delay(WATCH_MS, undefined, { signal });
      if (server.isRunning) continue;
      logger.error({ pid: server.pid, logFile: server.logFile }, 'died, is started again');
      try {
        await server.restart();
        logger.info({ pid: server.pid, port: server.port }, 'up again');
      } catch (error) {
        logger.error({ err: error }, 'not started again');
        await delay(AGAIN_AFTER_MS, undefined, { signal });
      }
    }
  };
  // Ends by the signal only.
  const watching = watch().catch(() => {});
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
      await server.stop();
    },
  };
}

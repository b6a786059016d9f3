import { setTimeout as delay } from 'node:timers/promises';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from '@oio/persistence';
import type { Logger } from '@oio/runtime';

/** How often is looked, and how long is waited after a start that failed. */
const WATCH_MS = 250;
const START_AGAIN_MS = 2_000;

export interface SupervisedPostgres extends AsyncDisposable {
  /** Stays the same over restarts; with the password in it. */
  readonly url: string;
}

/**
 * An embedded PostgreSQL that is started again, on the same directory and port, when it dies: connections come back by
 * themselves, and what was committed is still there. Throws `StartupError` for the first start only.
 */
export async function supervisePostgres(
  options: Pick<EmbeddedPostgresOptions, 'directory' | 'configuration'>,
  logger: Logger,
): Promise<SupervisedPostgres> {
  const stopping = new AbortController();
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres(options);
  const { url } = postgres;
  const port = Number(new URL(url).port);
  logger.info({ pid: postgres.pid, port, adopted: postgres.adopted }, 'postgres up');

  const startAgain = async (): Promise<void> => {
    logger.error({ pid: postgres.pid }, 'postgres died');
    // Gives the directory free; there is nothing left to be shut down.
    await postgres.stop();
    postgres = await startEmbeddedPostgres({ ...options, port });
    logger.info({ pid: postgres.pid, port }, 'postgres up again');
  };
  const watch = async (): Promise<void> => {
    for (;;) {
      await delay(WATCH_MS, undefined, { signal: stopping.signal });
      if (await postgres.isRunning()) continue;
      await startAgain().catch(async (error: unknown) => {
        logger.error({ err: error }, 'postgres not started again');
        await delay(START_AGAIN_MS, undefined, { signal: stopping.signal });
      });
    }
  };
  // Ends by the signal only.
  const watching = watch().catch(() => {});

  return {
    url,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
      await postgres.stop();
    },
  };
}

import { join } from 'node:path';
import { startNatsServer, startRedisServer } from '@oio/backing-servers';
import { supervisePostgres } from '@oio/standalone';
import { keepRunning } from './keep-running.ts';
import type { MergedLog } from './merged-log.ts';

export interface Backing extends AsyncDisposable {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** With the credentials of one of the users in infra/nats/nats.conf. */
  natsUrlOf(user: string): string;
}

export interface BackingOptions {
  readonly directory: string;
  /** A PostgreSQL of the user's own, in place of an embedded one. */
  readonly databaseUrl: string | undefined;
  readonly log: MergedLog;
  readonly onProgress: (doing: string) => void;
}

const POSTGRES_CONFIGURATION = join(import.meta.dirname, '..', 'postgres', 'postgresql.conf');

/**
 * Starts PostgreSQL, NATS and Redis with the very files of infra/, and keeps them running. NATS and Redis get new passwords at
 * each start. Throws `StartupError`.
 */
export async function startBacking({ directory, databaseUrl, log, onProgress }: BackingOptions): Promise<Backing> {
  await using stack = new AsyncDisposableStack();
  if (databaseUrl === undefined) onProgress('Starting PostgreSQL');
  const postgres = { directory: join(directory, 'postgres'), configuration: POSTGRES_CONFIGURATION };
  const url = databaseUrl ?? stack.use(await supervisePostgres(postgres, log.loggerFor('postgres'))).url;
  onProgress('Starting NATS and Redis');
  const nats = await startNatsServer({ directory: join(directory, 'nats') });
  stack.use(keepRunning(nats, log.loggerFor('nats')));
  const redis = await startRedisServer({ directory: join(directory, 'redis') });
  stack.use(keepRunning(redis, log.loggerFor('redis')));
  const running = stack.move();
  return {
    databaseUrl: url,
    redisUrl: redis.url,
    natsUrlOf: (user) => nats.urlOf(user),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

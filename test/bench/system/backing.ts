import { join } from 'node:path';
import { type NatsServer, type RedisServer, startNatsServer, startRedisServer } from '@oio/backing-servers';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@oio/persistence';

/** The servers that the services stand on; NATS and Redis only in distributed mode. */
export interface Backing extends AsyncDisposable {
  readonly postgres: EmbeddedPostgres;
  readonly distributed: { readonly nats: NatsServer; readonly redis: RedisServer } | null;
}

/** Starts them anew in a directory; fsync and synchronous_commit are on, NATS and Redis have the files of infra/. */
export async function startBacking(directory: string, mode: 'standalone' | 'distributed'): Promise<Backing> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startEmbeddedPostgres({ directory: join(directory, 'postgres') }));
  const distributed =
    mode === 'standalone'
      ? null
      : {
          nats: stack.use(await startNatsServer({ directory: join(directory, 'nats') })),
          redis: stack.use(await startRedisServer({ directory: join(directory, 'redis') })),
        };
  const running = stack.move();
  return { postgres, distributed, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** By name. */
export function processesOf({ postgres, distributed }: Backing): Record<string, number> {
  const ofOne = { postgres: postgres.pid };
  return distributed ? { ...ofOne, nats: distributed.nats.pid, redis: distributed.redis.pid } : ofOne;
}

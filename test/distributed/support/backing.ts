import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsServer, type RedisServer, startNatsServer, startRedisServer } from '@oio/backing-servers';
import { openTestDatabase, type TestDatabase } from '@oio/persistence/testing';
import type { Environment } from './service-process.ts';

/** What the services of one test stand on: real servers of its own. */
export interface Backing extends AsyncDisposable {
  readonly directory: string;
  readonly database: TestDatabase;
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  /** The settings of a service on these servers. */
  environmentOf(service: string): Environment;
}

export const API_KEY = 'a-key-of-the-tests-0123456789abcdef';

export async function startBacking(): Promise<Backing> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'oio-distributed-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const [database, nats, redis] = await Promise.all([
    openTestDatabase(),
    startNatsServer({ directory: join(directory, 'nats') }),
    startRedisServer({ directory: join(directory, 'redis') }),
  ]);
  for (const one of [database, nats, redis]) stack.use(one);
  const owned = stack.move();
  return {
    directory,
    database,
    nats,
    redis,
    environmentOf: (service) => ({
      HOME: directory,
      DATABASE_URL: database.url,
      DATABASE_CONNECTIONS: '5',
      NATS_URL: nats.urlOf(service),
      REDIS_URL: redis.url,
      ...OWN[service]?.(directory),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const OWN: Readonly<Record<string, (directory: string) => Environment>> = {
  'http-gateway': () => ({ API_KEY, API_PORT: '0' }),
  'opencode-gateway': (directory) => ({
    OPENCODE_SERVERS_MANAGED: '0',
    OPENCODE_PROMPTS_PER_MINUTE: '0',
    ENCRYPTION_KEY: 'a-key-for-tests-'.repeat(3),
    WORKSPACE_ROOTS: directory,
    OPENCODE_DIRECTORY: join(directory, 'opencode'),
    WORKTREES_DIRECTORY: join(directory, 'worktrees'),
  }),
};

/** A port of 127.0.0.1 where nobody listens just now. */
export async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

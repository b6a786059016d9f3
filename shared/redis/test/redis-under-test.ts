import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, startRedisServer } from '@oio/backing-servers';
import { createLogger, type Logger } from '@oio/runtime';
import { openRedis, type RedisConnection, type RedisConnectionOptions } from '../src/open-redis.ts';

export interface RedisUnderTest {
  readonly server: RedisServer;
  readonly redis: RedisConnection;
  /** What was logged, one JSON line each. */
  readonly lines: string[];
}

/** A machine that runs tests is slow: only those who ask for it have answers given up early. */
export const PATIENT = { answerWithinMs: 60_000 };

/** A real Redis of its own and a connection to it, both gone with the stack. */
export async function redisUnderTest(
  stack: AsyncDisposableStack,
  settings: Omit<RedisConnectionOptions, 'logger'> = PATIENT,
): Promise<RedisUnderTest> {
  const server = await ownRedis(stack);
  const { logger, lines } = recording();
  const redis = stack.use(await openRedis(server.url, { logger, openWithinMs: 60_000, ...settings }));
  return { server, redis, lines };
}

export async function ownRedis(stack: AsyncDisposableStack): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'oio-redis-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  return stack.use(await startRedisServer({ directory }));
}

export function recording(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { logger: createLogger('test', { destination: { write: (line) => lines.push(line) } }), lines };
}

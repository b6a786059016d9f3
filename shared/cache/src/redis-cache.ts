import { AppError, UnavailableError } from '@oio/errors';
import type { RedisConnection } from '@oio/redis';
import {
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  noJitterGenerator,
  retry,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { Cache } from './cache.ts';
import { toJsonText } from './json-text.ts';
import { fromStoredBytes, toStoredBytes } from './stored-bytes.ts';

/** Source: section 5 of the specification. The deadline holds for all tries together: no cache is worth waiting for. */
const TRIES = 3;
const FIRST_PAUSE_MS = 100;
const DEADLINE_MS = 500;

export interface RedisCacheOptions {
  /** Whose answers these are: keys of other namespaces are other keys. */
  readonly namespace: string;
}

/**
 * A cache that all processes share, under `oio:cache:<namespace>:<key>`. Values over 1,024 bytes are compressed. It answers
 * or throws within 500 ms. The connection is not ended with it.
 */
export function createRedisCache(redis: RedisConnection, { namespace }: RedisCacheOptions): Cache {
  const nameOf = (key: string): string => `oio:cache:${namespace}:${key}`;
  return {
    async get(key) {
      const bytes = await patiently(() => redis.send((to) => to.getBuffer(nameOf(key))));
      return bytes === null ? undefined : fromStoredBytes(bytes);
    },
    async set(key, value, ttlSeconds) {
      const bytes = await toStoredBytes(toJsonText(key, value));
      const ttlMs = Math.ceil(ttlSeconds * 1_000);
      await patiently(() => redis.send((to) => to.set(nameOf(key), bytes, 'PX', ttlMs)));
    },
  };
}

/** A breaker that is open stays open for longer than anybody waits, and what was refused is refused again. */
const MAY_PASS: ReadonlySet<string> = new Set(['redis_unreachable', 'redis_timeout']);

const policy: IPolicy = wrap(
  timeout(DEADLINE_MS, TimeoutStrategy.Aggressive),
  retry(
    handleWhen((error) => error instanceof AppError && MAY_PASS.has(error.code)),
    {
      maxAttempts: TRIES - 1,
      backoff: new ExponentialBackoff({ generator: noJitterGenerator, initialDelay: FIRST_PAUSE_MS }),
    },
  ),
);

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await policy.execute(ask);
  } catch (error) {
    if (!(error instanceof TaskCancelledError)) throw error;
    throw new UnavailableError('The cache did not answer in time.', { code: 'redis_timeout', cause: error });
  }
}

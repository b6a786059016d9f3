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

/** Source: section 5 of the specification. */
const TRIES = 3;
const FIRST_PAUSE_MS = 100;

export interface RedisCacheOptions {
  /** Whose answers these are: keys of other namespaces are other keys. */
  readonly namespace: string;
  /** When all tries together are given up. Default 450 ms: no cache is worth waiting for. */
  readonly answerWithinMs?: number;
}

/**
 * A cache that all processes share, under `oio:cache:<namespace>:<key>`. Values over 1,024 bytes are compressed. It answers
 * or throws within half a second. The connection is not ended with it.
 */
export function createRedisCache(
  redis: RedisConnection,
  { namespace, answerWithinMs = 450 }: RedisCacheOptions,
): Cache {
  const policy = tries(answerWithinMs);
  const nameOf = (key: string): string => `oio:cache:${namespace}:${key}`;
  return {
    async get(key) {
      const bytes = await patiently(policy, () => redis.send((to) => to.getBuffer(nameOf(key))));
      return bytes === null ? undefined : fromStoredBytes(bytes);
    },
    async set(key, value, ttlSeconds) {
      const bytes = await toStoredBytes(toJsonText(key, value));
      const ttlMs = Math.ceil(ttlSeconds * 1_000);
      await patiently(policy, () => redis.send((to) => to.set(nameOf(key), bytes, 'PX', ttlMs)));
    },
  };
}

/** A breaker that is open stays open for longer than anybody waits, and what was refused is refused again. */
const MAY_PASS: ReadonlySet<string> = new Set(['redis_unreachable', 'redis_timeout']);

function tries(answerWithinMs: number): IPolicy {
  const mayPass = handleWhen((error) => error instanceof AppError && MAY_PASS.has(error.code));
  const backoff = new ExponentialBackoff({ generator: noJitterGenerator, initialDelay: FIRST_PAUSE_MS });
  return wrap(timeout(answerWithinMs, TimeoutStrategy.Aggressive), retry(mayPass, { maxAttempts: TRIES - 1, backoff }));
}

async function patiently<T>(policy: IPolicy, ask: () => Promise<T>): Promise<T> {
  try {
    return await policy.execute(ask);
  } catch (error) {
    if (!(error instanceof TaskCancelledError)) throw error;
    throw new UnavailableError('The cache did not answer in time.', { code: 'redis_timeout', cause: error });
  }
}

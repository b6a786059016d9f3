import type { RedisConnection } from '@oio/redis';
import type { OwnerDirectory } from './owner-directory.ts';

export interface RedisDirectoryOptions {
  /** What all keys begin with, so that several orchestrators can share a Redis. */
  readonly namespace?: string;
}

/** How many sessions are released in one call: Redis does nothing else meanwhile. */
const RELEASE_BATCH = 500;
/** A hint that nobody has asked for or renewed for so long goes, so that nothing stays for ever. */
const CLAIM_MS = 3_600_000;
/**
 * For so long a worker that has withdrawn stays dead, whatever it says: a renewal that it sent before may still be under
 * way, held up somewhere, and would make it the owner of everything again.
 */
const WITHDRAWN_MS = 5_000;

/**
 * Ownership as all processes see it. `<namespace>:worker:<incarnation>` lives as long as the worker's lease,
 * `<namespace>:session:<id>:owner` names the worker that claimed the session. Every call is one round trip; whatever fails
 * is the connection's `UnavailableError`. The connection is not ended with the directory.
 */
export function createRedisOwnerDirectory(
  redis: RedisConnection,
  { namespace = 'oio' }: RedisDirectoryOptions = {},
): OwnerDirectory {
  const workers = `${namespace}:worker:`;
  const workerKey = (incarnation: string): string => workers + incarnation;
  const sessionKey = (sessionId: string): string => `${namespace}:session:${sessionId}:owner`;

  return {
    async renew(incarnation, leaseMs) {
      await redis.send((to) => to.eval(RENEW, 1, workerKey(incarnation), Math.ceil(leaseMs)));
    },
    async claim(sessionId, incarnation) {
      return (
        workerIn(await redis.send((to) => to.eval(CLAIM, 1, sessionKey(sessionId), incarnation, workers, CLAIM_MS))) ??
        incarnation
      );
    },
    async ownerOf(sessionId) {
      return workerIn(await redis.send((to) => to.eval(OWNER_OF, 1, sessionKey(sessionId), workers, CLAIM_MS)));
    },
    async release(sessionIds, incarnation) {
      for (let from = 0; from < sessionIds.length; from += RELEASE_BATCH) {
        const keys = sessionIds.slice(from, from + RELEASE_BATCH).map(sessionKey);
        await redis.send((to) => to.eval(RELEASE, keys.length, ...keys, incarnation));
      }
    },
    async withdraw(incarnation) {
      await redis.send((to) => to.set(workerKey(incarnation), 'withdrawn', 'PX', WITHDRAWN_MS));
    },
    async [Symbol.asyncDispose]() {
      // Whoever opened the connection ends it.
    },
  };
}

/** Null for anything that cannot be the id of a worker: whatever stands there must not make a command fail. */
function workerIn(answer: unknown): string | null {
  return typeof answer === 'string' && WORKER.test(answer) ? answer : null;
}

const WORKER = /^[A-Za-z0-9_-]{1,128}$/;

const RENEW = `
if redis.call('GET', KEYS[1]) ~= 'withdrawn' then
  redis.call('SET', KEYS[1], 'alive', 'PX', ARGV[1])
end`;

const CLAIM = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and redis.call('GET', ARGV[2] .. owner) == 'alive' then
  return owner
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return ARGV[1]`;

const OWNER_OF = `
local owner = redis.call('GET', KEYS[1])
if not owner or redis.call('GET', ARGV[1] .. owner) ~= 'alive' then
  return false
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return owner`;

const RELEASE = `
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    redis.call('DEL', key)
  end
end`;

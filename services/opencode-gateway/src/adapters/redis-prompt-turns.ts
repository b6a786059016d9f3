import type { RedisConnection } from '@oio/redis';
import { type PromptRate, type PromptTurns, windowMs } from '../prompt-limit.ts';

/**
 * The list holds the last turns, the latest first, some of them still to come. By Redis's own clock, so that it does not
 * matter what the gateways' clocks say.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local oldest = redis.call('LINDEX', KEYS[1], ARGV[1] - 1)
local turn = now
if oldest and oldest + ARGV[2] > now then turn = oldest + ARGV[2] end
redis.call('LPUSH', KEYS[1], string.format('%.3f', turn))
redis.call('LTRIM', KEYS[1], 0, ARGV[1] - 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(turn - now + ARGV[2]))
return math.ceil(turn - now)`;

/** Turns that all gateways take together. A different rate is another list: whoever changes it begins anew. */
export function createRedisPromptTurns(redis: RedisConnection, rate: PromptRate): PromptTurns {
  const { burst, perMinute } = rate;
  return {
    async take(serverId) {
      const key = `oio:prompts:${serverId}:${burst}/${perMinute}`;
      return Number(await redis.send((to) => to.eval(TAKE, 1, key, burst, windowMs(rate))));
    },
  };
}

import { randomUUID } from 'node:crypto';
import { openTestServer } from '@oio/backing-servers/testing';
import { openRedis, type RedisConnection } from '@oio/redis';
import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createRedisPromptTurns } from '../../src/adapters/redis-prompt-turns.ts';
import type { PromptTurns } from '../../src/prompt-limit.ts';
import { promptTurnsContract } from '../support/prompt-turns-contract.ts';

const logger = createLogger('test', { destination: { write: () => {} } });
const shared = new AsyncDisposableStack();
const connections: RedisConnection[] = [];

test.before(async () => {
  const { url } = shared.use(await openTestServer('redis'));
  for (let count = 0; count < 2; count += 1)
    connections.push(shared.use(await openRedis(url, { logger, answerWithinMs: 60_000, openWithinMs: 60_000 })));
});
test.after.always(() => shared.disposeAsync());

/** Servers of their own, on one of the connections. */
function turnsOf(rate: { perMinute: number; burst: number }, index = 0, prefix = randomUUID()): PromptTurns {
  const redis = connections[index];
  if (!redis) throw new Error('Redis is not open yet.');
  const turns = createRedisPromptTurns(redis, rate);
  return { take: (serverId) => turns.take(`${prefix}-${serverId}`) };
}

promptTurnsContract(test, () => ({
  open: (rate) => turnsOf(rate),
  passMs: async (ms) => {
    const endsAtMs = performance.now() + ms;
    await eventually(() => performance.now() > endsAtMs);
  },
}));

test('two gateways share the turns of a server', async (t) => {
  const prefix = randomUUID();
  const rate = { perMinute: 60, burst: 4 };
  const gateways = [turnsOf(rate, 0, prefix), turnsOf(rate, 1, prefix)];
  const waits = await Promise.all(Array.from({ length: 8 }, async (_, index) => gateways[index % 2]?.take('a') ?? 0));
  t.is(waits.filter((waitMs) => waitMs === 0).length, 4);
  t.is(waits.filter((waitMs) => waitMs > 3_000).length, 4);
});

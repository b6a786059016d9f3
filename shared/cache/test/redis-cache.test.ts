import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { type RedisServer, startRedisServer } from '@oio/backing-servers';
import { openTestServer } from '@oio/backing-servers/testing';
import { UnavailableError } from '@oio/errors';
import { openRedis, type RedisConnection } from '@oio/redis';
import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createRedisCache } from '../src/redis-cache.ts';
import { cacheContract } from '../src/testing/cache-contract.ts';

const logger = createLogger('test', { destination: { write: () => {} } });
/** A machine that runs tests is slow. */
const PATIENT = { answerWithinMs: 60_000, openWithinMs: 60_000 };
const shared = new AsyncDisposableStack();
let redis: RedisConnection;

test.before(async () => {
  const { url } = shared.use(await openTestServer('redis'));
  redis = shared.use(await openRedis(url, { logger, answerWithinMs: 60_000, openWithinMs: 60_000 }));
});
test.after.always(() => shared.disposeAsync());

cacheContract(test, async () => ({
  cache: createRedisCache(redis, { namespace: randomUUID(), ...PATIENT }),
  passMs: async (ms) => {
    const endsAtMs = performance.now() + ms;
    await eventually(() => performance.now() > endsAtMs);
  },
}));

test('namespaces are apart', async (t) => {
  const namespace = randomUUID();
  const [one, other] = [namespace, `${namespace}-other`].map((name) =>
    createRedisCache(redis, { namespace: name, ...PATIENT }),
  );
  await one?.set('key', 1, 60);
  t.is(await other?.get('key'), undefined);
});

/** A list as the product keeps it: long, and much of it alike. */
const CATALOGUE = Array.from({ length: 200 }, (_, index) => ({
  id: `provider/model-${index}`,
  name: `Model ${index}`,
  limits: { context: 200_000, output: 8_192 + index },
}));

test('a value over 1,024 bytes lies compressed in Redis, a shorter one as it is', async (t) => {
  const namespace = randomUUID();
  const cache = createRedisCache(redis, { namespace, ...PATIENT });
  const storedBytes = async (key: string): Promise<number> =>
    Number(
      await redis.send((to) => to.eval("return redis.call('STRLEN', KEYS[1])", 1, `oio:cache:${namespace}:${key}`)),
    );
  const text = (bytes: number): string => 'x'.repeat(bytes - 2);
  await cache.set('catalogue', CATALOGUE, 60);
  await cache.set('at the bound', text(1_024), 60);
  await cache.set('above it', text(1_025), 60);
  const bytes = Buffer.byteLength(JSON.stringify(CATALOGUE));
  const stored = await storedBytes('catalogue');
  t.true(stored > 0 && stored < bytes / 5, `${stored} of ${bytes} bytes`);
  t.is(await storedBytes('at the bound'), 1_025);
  const above = await storedBytes('above it');
  t.true(above > 0 && above < 100, `${above} bytes`);
  t.deepEqual(await cache.get('catalogue'), CATALOGUE);
});

const DAMAGED: Readonly<Record<string, Buffer>> = {
  'nothing at all': Buffer.alloc(0),
  'an unknown marker': Buffer.from('\u0007{}'),
  'no JSON': Buffer.from('\0{'),
  'no compressed bytes': Buffer.from('\u0001nonsense'),
  'a bomb': Buffer.concat([Buffer.of(1), brotliCompressSync(JSON.stringify('x'.repeat(9 * 1024 * 1024)))]),
};

for (const [what, bytes] of Object.entries(DAMAGED)) {
  test(`${what} in Redis counts as nothing kept`, async (t) => {
    const namespace = randomUUID();
    await redis.send((to) => to.set(`oio:cache:${namespace}:key`, bytes, 'PX', 60_000));
    t.is(await createRedisCache(redis, { namespace, ...PATIENT }).get('key'), undefined);
  });
}

test('a failure that may pass is tried again, twice', async (t) => {
  const cache = createRedisCache(failing(redis, ['redis_unreachable', 'redis_unreachable']), {
    ...PATIENT,
    namespace: randomUUID(),
  });
  await cache.set('key', 1, 60);
  t.is(await cache.get('key'), 1);
  const three = failing(redis, ['redis_unreachable', 'redis_unreachable', 'redis_unreachable']);
  await t.throwsAsync(createRedisCache(three, { namespace: 'x', ...PATIENT }).get('key'), {
    code: 'redis_unreachable',
  });
});

for (const code of ['redis_breaker_open', 'redis_refused']) {
  test(`${code} is not tried again`, async (t) => {
    const cache = createRedisCache(failing(redis, [code]), { namespace: randomUUID(), ...PATIENT });
    await t.throwsAsync(cache.get('key'), { code });
    t.is(await cache.get('key'), undefined);
  });
}

test('while Redis is frozen the cache throws, and serves again when it thaws', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis: own } = await redisOfItsOwn(stack);
  const cache = createRedisCache(own, { namespace: 'x', answerWithinMs: 1_500 });
  await cache.set('key', 1, 60);
  await server.freeze();
  await t.throwsAsync(cache.get('key'), { instanceOf: UnavailableError, code: 'redis_timeout' });
  await t.throwsAsync(cache.set('key', 2, 60), { instanceOf: UnavailableError, code: 'redis_timeout' });
  server.thaw();
  await eventually(async () => (await cache.get('key')) !== undefined, { what: 'the answer' });
});

test('a Redis that is killed and comes back has forgotten', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis: own } = await redisOfItsOwn(stack);
  const cache = createRedisCache(own, { namespace: 'x', answerWithinMs: 1_500 });
  await cache.set('key', 1, 60);
  await server.kill();
  await t.throwsAsync(cache.get('key'), { instanceOf: UnavailableError });
  await server.restart();
  const found = await eventually(async () => ({ value: await cache.get('key') }), { what: 'the connection' });
  t.is(found.value, undefined);
});

/** A connection that fails with these codes, one call after the other, and then works. */
function failing(working: RedisConnection, codes: readonly string[]): RedisConnection {
  const left = [...codes];
  return {
    async send(command) {
      const code = left.shift();
      if (code !== undefined) throw new UnavailableError('Not now.', { code });
      return working.send(command);
    },
    health: () => working.health(),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A real Redis for one test, gone with the stack. Its breaker stays closed: what single calls do is looked at. */
async function redisOfItsOwn(stack: AsyncDisposableStack): Promise<{ server: RedisServer; redis: RedisConnection }> {
  const folder = await mkdtemp(join(tmpdir(), 'oio-cache-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const server = stack.use(await startRedisServer({ directory: folder }));
  const connection = stack.use(
    await openRedis(server.url, {
      logger,
      breaker: { failuresToOpen: 1_000_000 },
      answerWithinMs: 1_500,
      openWithinMs: 60_000,
    }),
  );
  return { server, redis: connection };
}

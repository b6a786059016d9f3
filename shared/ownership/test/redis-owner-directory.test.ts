import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, startRedisServer } from '@oio/backing-servers';
import { openTestServer } from '@oio/backing-servers/testing';
import { UnavailableError } from '@oio/errors';
import { openRedis, type RedisConnection } from '@oio/redis';
import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import type { OwnerDirectory } from '../src/owner-directory.ts';
import { createRedisOwnerDirectory } from '../src/redis-owner-directory.ts';
import { ownerDirectoryContract } from '../src/testing/owner-directory-contract.ts';

const LEASE_MS = 60_000;
const logger = createLogger('test', { destination: { write: () => {} } });
const shared = new AsyncDisposableStack();
let redis: RedisConnection;

test.before(async () => {
  const { url } = shared.use(await openTestServer('redis'));
  redis = shared.use(await openRedis(url, { logger, answerWithinMs: 60_000, openWithinMs: 60_000 }));
});
test.after.always(() => shared.disposeAsync());

ownerDirectoryContract(test, async () => ({
  directory: createRedisOwnerDirectory(redis, { namespace: `test-${randomUUID()}` }),
  passMs: async (ms) => {
    const endsAtMs = performance.now() + ms;
    await eventually(() => performance.now() > endsAtMs);
  },
}));

test('a renewal that comes late does not bring back a worker that has withdrawn', async (t) => {
  await using directory = createRedisOwnerDirectory(redis, { namespace: `test-${randomUUID()}` });
  await directory.renew('a', LEASE_MS);
  await directory.claim('session', 'a');
  await directory.withdraw('a');
  await directory.renew('a', LEASE_MS);
  t.is(await directory.ownerOf('session'), null);
  await directory.renew('b', LEASE_MS);
  t.is(await directory.claim('session', 'b'), 'b');
});

test('what stands there and is no worker owns nothing, and keeps nobody from claiming', async (t) => {
  const namespace = `test-${randomUUID()}`;
  await using directory = createRedisOwnerDirectory(redis, { namespace });
  for (const nonsense of ['', 'a.b', 'two words', '\u0000\uFFFD', 'x'.repeat(1_000)]) {
    await redis.send((to) => to.set(`${namespace}:session:s:owner`, nonsense));
    await redis.send((to) => to.set(`${namespace}:worker:${nonsense}`, 'alive'));
    t.is(await directory.ownerOf('s'), null, nonsense);
    t.is(await directory.claim('s', 'a'), 'a', nonsense);
  }
});

test('more sessions than go into one call are released', async (t) => {
  await using directory = createRedisOwnerDirectory(redis, { namespace: `test-${randomUUID()}` });
  await directory.renew('a', LEASE_MS);
  const sessions = Array.from({ length: 1_201 }, (_, index) => `session-${index}`);
  await Promise.all(sessions.map((id) => directory.claim(id, 'a')));
  await directory.release(sessions, 'a');
  const owners = await Promise.all(sessions.map((id) => directory.ownerOf(id)));
  t.deepEqual(new Set(owners), new Set([null]));
});

test('nothing stays for ever: every key has a life', async (t) => {
  const namespace = `test-${randomUUID()}`;
  await using directory = createRedisOwnerDirectory(redis, { namespace });
  for (const worker of ['a', 'b']) await directory.renew(worker, LEASE_MS);
  for (const id of ['session', 'asked for']) await directory.claim(id, 'a');
  await directory.ownerOf('asked for');
  await directory.withdraw('b');
  const lives = (await redis.send((to) => to.eval(LIVES, 0, `${namespace}:*`))) as [string, number][];
  t.deepEqual(lives.map(([key]) => key.slice(namespace.length)).toSorted(), [
    ':session:asked for:owner',
    ':session:session:owner',
    ':worker:a',
    ':worker:b',
  ]);
  for (const [key, life] of lives) t.true(life > 0 && life <= 3_600_000, `${key} lives for ${life} ms`);
});

/** Every key and how long it has to live, in milliseconds; negative for ever. */
const LIVES = `
local lives = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
  table.insert(lives, { key, redis.call('PTTL', key) })
end
return lives`;

test('orchestrators that share a Redis do not see each other', async (t) => {
  await using one = createRedisOwnerDirectory(redis, { namespace: `test-${randomUUID()}` });
  await using other = createRedisOwnerDirectory(redis, { namespace: `test-${randomUUID()}` });
  await one.renew('a', LEASE_MS);
  await one.claim('session', 'a');
  t.is(await other.ownerOf('session'), null);
});

test('a directory that is emptied knows nobody, and fills again by renewals and claims', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { directory, redis: own } = await redisOfItsOwn(stack);
  await directory.renew('a', LEASE_MS);
  await directory.claim('session', 'a');
  await own.send((to) => to.eval("return redis.call('FLUSHALL')", 0));
  t.is(await directory.ownerOf('session'), null);
  t.is(await directory.claim('session', 'a'), 'a');
  t.is(await directory.ownerOf('session'), null, 'a claim counts only while its worker lives');
  await directory.renew('a', LEASE_MS);
  t.is(await directory.ownerOf('session'), 'a');
});

test('while Redis is killed every call fails with a code; back and empty it serves again', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, directory } = await redisOfItsOwn(stack);
  await directory.renew('a', LEASE_MS);
  await directory.claim('session', 'a');
  await server.kill();
  const codes = await codesOf(directory);
  t.true(
    codes.every((code) => code === 'redis_unreachable'),
    codes.join(),
  );
  await server.restart();
  await eventually(() => directory.renew('b', LEASE_MS).then(() => true), { what: 'the connection' });
  t.is(await directory.ownerOf('session'), null);
  t.is(await directory.claim('session', 'b'), 'b');
});

test('while Redis is frozen every call ends with a code; thawed it serves again and what it knew holds', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, directory } = await redisOfItsOwn(stack);
  await directory.renew('a', LEASE_MS);
  await directory.claim('session', 'a');
  await server.freeze();
  // It stays frozen all the while: that these end at all is what counts.
  t.deepEqual(await codesOf(directory), Array<string>(CALLS.length).fill('redis_timeout'));
  server.thaw();
  await eventually(() => directory.renew('b', LEASE_MS).then(() => true), { what: 'the answer' });
  t.is(await directory.claim('session', 'b'), 'b', 'its worker withdrew while Redis was frozen');
});

const CALLS: readonly ((directory: OwnerDirectory) => Promise<unknown>)[] = [
  (directory) => directory.renew('a', LEASE_MS),
  (directory) => directory.claim('other', 'a'),
  (directory) => directory.ownerOf('session'),
  (directory) => directory.release(['other'], 'a'),
  (directory) => directory.withdraw('a'),
];

function codesOf(directory: OwnerDirectory): Promise<string[]> {
  return Promise.all(
    CALLS.map((call) =>
      call(directory).then(
        () => 'answered',
        (error: unknown) => (error instanceof UnavailableError ? error.code : `unexpected: ${String(error)}`),
      ),
    ),
  );
}

interface OwnRedis {
  readonly server: RedisServer;
  readonly redis: RedisConnection;
  readonly directory: OwnerDirectory;
}

/** A real Redis for one test, gone with the stack. Its breaker stays closed: what single calls do is looked at. */
async function redisOfItsOwn(stack: AsyncDisposableStack): Promise<OwnRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'oio-ownership-'));
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
  return { server, redis: connection, directory: createRedisOwnerDirectory(connection) };
}

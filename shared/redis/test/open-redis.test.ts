import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { startRedisServer } from '@oio/backing-servers';
import { EXIT_CODE, StartupError, UnavailableError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { openRedis, type RedisConnection } from '../src/open-redis.ts';
import { ownRedis, PATIENT, recording, redisUnderTest } from './redis-under-test.ts';

/** So high that it never opens: these tests look at single failures. */
const NO_BREAKER = { breaker: { failuresToOpen: 1_000_000 } };
const PATIENT_WITHOUT_BREAKER = { ...NO_BREAKER, ...PATIENT };

const set = (redis: RedisConnection): Promise<unknown> => redis.send((to) => to.set('key', 'value'));
const get = async (redis: RedisConnection): Promise<string | undefined> =>
  (await redis.send((to) => to.getBuffer('key')))?.toString();
const works = (redis: RedisConnection): Promise<boolean> => set(redis).then(() => true);
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'answered',
    (error: unknown) => (error instanceof UnavailableError ? error.code : `unexpected: ${String(error)}`),
  );

test('what is sent is answered', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { redis } = await redisUnderTest(stack);
  await set(redis);
  t.is(await get(redis), 'value');
});

test('a Redis that is not there fails each call at once, and is used as soon as it comes', async (t) => {
  await using stack = new AsyncDisposableStack();
  const server = await ownRedis(stack);
  await server.kill();
  const redis = stack.use(await openRedis(server.url, { ...recording(), ...PATIENT_WITHOUT_BREAKER }));
  t.is(await codeOf(set(redis)), 'redis_unreachable');
  await server.restart();
  t.true(await eventually(() => works(redis), { what: 'the connection' }));
});

test('a Redis that is killed and comes back empty is used again, and the outage is told once', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis, lines } = await redisUnderTest(stack, PATIENT_WITHOUT_BREAKER);
  await set(redis);
  await server.kill();
  t.is(
    await eventually(async () => (await codeOf(set(redis))) !== 'answered' && codeOf(set(redis))),
    'redis_unreachable',
  );
  await server.restart();
  t.is(
    await eventually(async () => ({ found: await get(redis) }), { what: 'the connection' }).then(({ found }) => found),
    undefined,
  );
  t.true(await works(redis));
  const told = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  t.deepEqual(told, ['redis is away', 'redis is back']);
});

test('commands that were under way when Redis died fail, and are not sent again', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis } = await redisUnderTest(stack, PATIENT_WITHOUT_BREAKER);
  await server.freeze();
  const underWay = codeOf(set(redis));
  await server.kill();
  await server.restart();
  const found = await eventually(async () => ({ value: await get(redis) }), { what: 'the connection' });
  t.is(found.value, undefined);
  t.is(await underWay, 'redis_unreachable');
});

test('while Redis is frozen nobody waits for it, and it is used again when it thaws', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis } = await redisUnderTest(stack, { ...NO_BREAKER, answerWithinMs: 1_500 });
  await set(redis);
  await server.freeze();
  // It stays frozen all the while: that these end at all is what counts.
  const codes = await Promise.all(Array.from({ length: 100 }, () => codeOf(set(redis))));
  t.deepEqual([...new Set(codes)], ['redis_timeout']);
  t.is((await redis.health()).state, 'down');
  server.thaw();
  t.true(await eventually(() => works(redis), { what: 'the answer' }));
});

test('a connection on which no answers come is given up for a new one', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis, lines } = await redisUnderTest(stack, { ...NO_BREAKER, answerWithinMs: 1_500 });
  await server.freeze();
  await eventually(async () => (await codeOf(set(redis))) === 'redis_unreachable', {
    what: 'the end of the connection',
  });
  t.true(lines.some((line) => line.includes('redis is away')));
  server.thaw();
  t.true(await eventually(() => works(redis), { what: 'the new connection' }));
});

test('after ten failures Redis is left alone, then tried, and after three successes used as before', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis } = await redisUnderTest(stack, { breaker: { halfOpenAfterMs: 300 }, ...PATIENT });
  await server.kill();
  const codes = [];
  for (let count = 0; count < 12; count += 1) codes.push(await codeOf(set(redis)));
  t.deepEqual(
    codes.slice(0, 10).filter((code) => code === 'redis_breaker_open'),
    [],
  );
  t.deepEqual(codes.slice(10), ['redis_breaker_open', 'redis_breaker_open']);
  t.like(await redis.health(), { state: 'down', figures: { breaker_state: 2, errors_breaker_open_total: 2 } });
  await server.restart();
  await eventually(async () => (await redis.health()).latencyMs !== null, { what: 'the connection' });
  t.like(await redis.health(), { state: 'degraded', figures: { breaker_state: 2 } });
  await eventually(() => works(redis), { what: 'the trial' });
  t.is((await redis.health()).figures['breaker_state'], 1);
  await works(redis);
  t.is((await redis.health()).figures['breaker_state'], 1);
  await works(redis);
  t.like(await redis.health(), { state: 'ok', figures: { breaker_state: 0 } });
});

test('while Redis is on trial, further calls are turned away and do not wait', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis } = await redisUnderTest(stack, { breaker: { failuresToOpen: 1, halfOpenAfterMs: 1 } });
  await server.freeze();
  t.is(await codeOf(set(redis)), 'redis_timeout');
  const openedAtMs = performance.now();
  await eventually(() => performance.now() - openedAtMs > 10);
  const codes: string[] = [];
  await Promise.all(Array.from({ length: 10 }, async () => codes.push(await codeOf(set(redis)))));
  t.deepEqual(codes, [...Array<string>(7).fill('redis_breaker_open'), ...Array<string>(3).fill('redis_timeout')]);
});

test('an answer that came while this process was busy counts', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { redis } = await redisUnderTest(stack, { answerWithinMs: 100 });
  const answer = codeOf(set(redis));
  // The command leaves with the next turn of the event loop, and then there is none for a while.
  setImmediate(() => {
    const busyUntilMs = performance.now() + 300;
    while (performance.now() < busyUntilMs);
  });
  t.is(await answer, 'answered');
});

test('what Redis refuses is told as that', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { redis } = await redisUnderTest(stack);
  t.is(await codeOf(redis.send((to) => to.eval('this is not Lua', 0))), 'redis_refused');
});

test('a wrong password is a reason not to start, and is not repeated in it', async (t) => {
  await using stack = new AsyncDisposableStack();
  const server = await ownRedis(stack);
  for (const credentials of [':guessed@', 'stranger:guessed@', '']) {
    const { logger, lines } = recording();
    const opening = openRedis(`redis://${credentials}127.0.0.1:${server.port}`, { logger });
    const error = await t.throwsAsync(opening, { instanceOf: StartupError, message: /REDIS_URL/ });
    t.is(error?.exitCode, EXIT_CODE.config);
    t.notRegex(inspect([error, lines], { depth: 20 }), /guessed/);
  }
});

test('a password that is changed under way is told without it, and the connection returns with the right one', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { server, redis, lines } = await redisUnderTest(stack, PATIENT_WITHOUT_BREAKER);
  await server.kill();
  const { port, logFile } = server;
  const other = stack.use(await startRedisServer({ directory: dirname(logFile), port, password: 'other' }));
  await eventually(async () => /refuses the credentials/.test((await redis.health()).detail), { what: 'the report' });
  const { password } = new URL(server.url);
  const failures = await Promise.all(Array.from({ length: 50 }, () => set(redis).catch((error: unknown) => error)));
  t.notRegex(inspect([lines, failures], { depth: 20 }), new RegExp(password));
  await other.kill();
  await server.restart();
  t.true(await eventually(() => works(redis), { what: 'the connection' }));
  t.is((await redis.health()).state, 'ok');
});

for (const url of [
  '',
  'localhost',
  'http://:secret@127.0.0.1',
  'redis://:secret@',
  'redis://:%zz@h:1',
  'redis://h:1/x',
  'redis://h:99999',
]) {
  test(`${url || 'nothing'} is no address of Redis`, async (t) => {
    const error = await t.throwsAsync(openRedis(url, recording()), { instanceOf: StartupError, message: /redis:\/\// });
    t.is(error?.exitCode, EXIT_CODE.config);
    t.notRegex(String(error?.message), /secret/);
  });
}

test('a server that accepts and never speaks keeps nobody from starting', async (t) => {
  await using stack = new AsyncDisposableStack();
  const mute = createServer((socket) => stack.defer(() => void socket.destroy())).listen(0, '127.0.0.1');
  stack.defer(() => void mute.close());
  await once(mute, 'listening');
  const { port } = mute.address() as { port: number };
  const { logger, lines } = recording();
  const redis = stack.use(await openRedis(`redis://:secret@127.0.0.1:${port}`, { logger }));
  t.deepEqual(lines, [], 'the connection has not even ended yet');
  t.is(await codeOf(set(redis)), 'redis_unreachable');
  t.like(await redis.health(), { state: 'down', latencyMs: null, optional: true });
});

test('the health report tells latency, connections, breaker, size and errors by kind', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { redis } = await redisUnderTest(stack);
  await set(redis);
  await codeOf(redis.send((to) => to.eval('this is not Lua', 0)));
  const { latencyMs, figures, ...rest } = await redis.health();
  t.deepEqual(rest, { name: 'redis', state: 'ok', optional: true, detail: 'Redis answers.' });
  t.true(latencyMs !== null && latencyMs > 0);
  t.like(figures, {
    breaker_state: 0,
    connections: 1,
    connections_max: 50,
    keys: 1,
    memory_max_bytes: 268_435_456,
    errors_refused_total: 1,
    errors_timeout_total: 0,
    errors_unreachable_total: 0,
    errors_breaker_open_total: 0,
  });
  t.true((figures['memory_bytes'] ?? 0) > 100_000);
});

test('a connection that has ended answers nothing, and may be ended again', async (t) => {
  await using stack = new AsyncDisposableStack();
  const { redis } = await redisUnderTest(stack);
  await redis[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
  t.is(await codeOf(set(redis)), 'redis_unreachable');
});

import { type AppError, EXIT_CODE, StartupError, TimeoutError, UnavailableError } from '@oio/errors';
import { startNatsServer } from '@oio/backing-servers';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { serviceEnvelope } from '../../src/envelope.ts';
import { createNatsBus, type NatsBus } from '../../src/nats/nats-bus.ts';
import { Gate } from '../../src/testing/gate.ts';
import { Inbox } from '../../src/testing/inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from '../../src/testing/test-contracts.ts';
import { startTestNats } from '../support/start-test-nats.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('a server that is late is waited for', async (t) => {
  await using nats = await startTestNats();
  await nats.server.stop();
  const waiting = new Inbox<Error>();
  const opening = createNatsBus({ url: nats.url, name: 'test', onWaiting: waiting.take });
  await waiting.received(2);
  await nats.server.restart();
  await using bus = await opening;
  t.true(bus.isConnected);
});

test('the wait for a server that never comes can be ended', async (t) => {
  const ending = new AbortController();
  const onWaiting = (): void => ending.abort();
  const opening = createNatsBus({ url: 'nats://127.0.0.1:1', name: 'test', onWaiting, signal: ending.signal });
  await t.throwsAsync(opening, { name: 'AbortError' });
});

test('wrong credentials are said, without the password, in place of being tried again', async (t) => {
  await using nats = await startTestNats();
  for (const credentials of ['test:wr0ng', 'nobody:wr0ng', '']) {
    const url = `nats://${credentials}@127.0.0.1:${nats.server.port}`;
    const error = await t.throwsAsync(createNatsBus({ url, name: 'test' }), {
      instanceOf: StartupError,
    });
    t.is(error.exitCode, EXIT_CODE.config);
    t.regex(error.message, /NATS_URL/);
    t.notRegex(error.message, /wr0ng/);
  }
});

test('an address that is none is refused without repeating it', async (t) => {
  for (const url of ['', 'nats://', 'redis://test:secret@host', 'nats://test:%secret@host', 'host:4222']) {
    const error = await t.throwsAsync(createNatsBus({ url, name: 'test' }), { instanceOf: StartupError }, url);
    t.is(error.exitCode, EXIT_CODE.config);
    t.notRegex(error.message, /secret/);
  }
});

test('the owner is told when the server does not take the credentials any more', async (t) => {
  await using directory = await temporaryDirectory();
  await using nats = await startTestNats();
  const closed = new Inbox<Error>();
  await using bus = await createNatsBus({ url: nats.url, name: 'test', onClosed: closed.take });
  await nats.server.stop();
  // It has other passwords, and no user of that name.
  await using other = await startNatsServer({ directory: directory.path, port: nats.server.port });
  await closed.received(1);
  t.true(other.isRunning);
  t.false(bus.isConnected);
});

test('the owner is not told of an end that it asked for', async (t) => {
  await using nats = await startTestNats();
  const told: Error[] = [];
  const bus = await createNatsBus({ url: nats.url, name: 'test', onClosed: (error) => told.push(error) });
  await bus[Symbol.asyncDispose]();
  t.deepEqual(told, []);
});

test('without a connection requests and events are refused at once, news is dropped, and all go again after it', async (t) => {
  await using nats = await startTestNats();
  await using bus = await createNatsBus({ url: nats.url, name: 'test' });
  const { ask, told, news } = testContracts();
  const inbox = new Inbox<Numbered>();
  await bus.subscribe([told, news], { handler: inbox.take });
  await bus.serve(ask, async () => ({ by: 'any' }));
  await nats.server.kill();
  await eventually(() => !bus.isConnected);
  for (const attempt of [
    bus.request(ask, { number: 1 }, serviceEnvelope('test')),
    bus.publish(told, numberedPayload(1), anyId()),
  ]) {
    const error: AppError = await t.throwsAsync(attempt, { instanceOf: UnavailableError });
    t.is(error.code, 'bus_disconnected');
    t.true(error.retryable);
  }
  t.notThrows(() => bus.announce(news, numberedPayload(2)));
  await nats.server.restart();
  await eventually(() => bus.isConnected);
  t.deepEqual(await bus.request(ask, { number: 3 }, serviceEnvelope('test')), { by: 'any' });
  await bus.publish(told, numberedPayload(4), anyId());
  await inbox.received(1);
  bus.announce(news, numberedPayload(5));
  t.deepEqual(await inbox.received(2), [numberedPayload(4), numberedPayload(5)]);
});

test('what is served and subscribed to without a connection begins with the next one', async (t) => {
  await using nats = await startTestNats();
  await using bus = await createNatsBus({ url: nats.url, name: 'test' });
  const { ask, told } = testContracts();
  const inbox = new Inbox<Numbered>();
  await nats.server.kill();
  await eventually(() => !bus.isConnected);
  await bus.serve(ask, async () => ({ by: 'any' }));
  const subscribed = bus.subscribe([told], { handler: inbox.take });
  await nats.server.restart();
  await subscribed;
  t.deepEqual(await bus.request(ask, { number: 1 }, serviceEnvelope('test')), { by: 'any' });
  await bus.publish(told, numberedPayload(2), anyId());
  t.deepEqual(await inbox.received(1), [numberedPayload(2)]);
});

test('a request that is under way when the connection breaks fails at once, not by its time-out', async (t) => {
  await using nats = await startTestNats();
  await using bus = await createNatsBus({ url: nats.url, name: 'test' });
  using gate = new Gate();
  const { ask } = testContracts();
  const asked = Promise.withResolvers<void>();
  await bus.serve(ask, async () => {
    asked.resolve();
    await gate.pass();
    return { by: 'too late' };
  });
  const answer = bus.request(ask, { number: 1 }, serviceEnvelope('test'), { timeoutMs: 600_000 });
  await asked.promise;
  await nats.server.kill();
  const error = await t.throwsAsync<AppError>(answer, { instanceOf: TimeoutError });
  t.is(error.code, 'connection_lost');
});

test('a server that hangs for a while makes requests and events time out, and then serves again', async (t) => {
  await using nats = await startTestNats();
  await using bus = await createNatsBus({ url: nats.url, name: 'test' });
  const { ask, told } = testContracts();
  await bus.serve(ask, async () => ({ by: 'any' }));
  await bus.publish(told, numberedPayload(1), anyId());
  await nats.server.freeze();
  const request = bus.request(ask, { number: 1 }, serviceEnvelope('test'), { timeoutMs: 100 });
  const published = bus.publish(told, numberedPayload(2), anyId());
  t.is((await t.throwsAsync<AppError>(request, { instanceOf: TimeoutError })).code, 'no_reply');
  await t.throwsAsync(published, { instanceOf: UnavailableError });
  nats.server.thaw();
  await eventually(() => bus.request(ask, { number: 3 }, serviceEnvelope('test')));
  await t.notThrowsAsync(bus.publish(told, numberedPayload(4), anyId()));
});

test('of what a server that hangs does not take a bounded part waits, and it is left after its third missing answer', async (t) => {
  await using nats = await startTestNats();
  await using bus = await createNatsBus({ url: nats.url, name: 'test' });
  const { ask, news } = testContracts();
  await bus.serve(ask, async () => ({ by: 'any' }));
  await nats.server.freeze();
  const large = 'x'.repeat(400_000);
  for (let number = 0; number < 100; number += 1) bus.announce(news, { number, note: large });
  const refusals = await Promise.all(Array.from({ length: 250 }, () => refusalOf(bus, large)));
  t.true(refusals.filter((code) => code === 'bus_overloaded').length > 50, 'refused at once');
  await eventually(() => !bus.isConnected, { what: 'the end of the connection' });
  nats.server.thaw();
  await eventually(() => bus.isConnected);
  await eventually(() => bus.request(ask, { number: 1 }, serviceEnvelope('test')));
});

async function refusalOf(bus: NatsBus, note: string): Promise<string> {
  const { ask } = testContracts();
  try {
    await bus.request(ask, { number: 1, note }, serviceEnvelope('test'), { timeoutMs: 1_000 });
    return 'none';
  } catch (error) {
    return (error as AppError).code;
  }
}

import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { InvalidError, UnavailableError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test, { type ExecutionContext } from 'ava';
import type { Bus, PublishOptions } from '../../src/bus.ts';
import { EVENT_STREAM } from '../../src/nats/event-stream.ts';
import { createNatsBus, type NatsBus } from '../../src/nats/nats-bus.ts';
import type { ParkedMessage } from '../../src/parking.ts';
import { Inbox } from '../../src/testing/inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from '../../src/testing/test-contracts.ts';
import { badBodies } from '../support/bad-bodies.ts';
import { rawClient } from '../support/raw-client.ts';
import { startTestNats, type TestNats } from '../support/start-test-nats.ts';

interface Rig extends AsyncDisposable {
  readonly nats: TestNats;
  readonly bus: NatsBus;
  readonly parked: Inbox<ParkedMessage>;
}

async function openRig(): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startTestNats());
  const parked = new Inbox<ParkedMessage>();
  const parking = { park: async (message: ParkedMessage) => parked.take(message) };
  const bus = stack.use(await createNatsBus({ url: nats.url, name: 'test', parking }));
  const all = stack.move();
  return { nats, bus, parked, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

test('an event that is published twice under one id is stored once', async (t) => {
  await using rig = await openRig();
  const { told, toldToo } = testContracts();
  const inbox = new Inbox<Numbered>();
  await rig.bus.subscribe([told, toldToo], { handler: inbox.take });
  const id = anyId();
  for (let time = 0; time < 3; time += 1) await rig.bus.publish(told, numberedPayload(1), id);
  await rig.bus.publish(toldToo, numberedPayload(2), anyId());
  t.deepEqual(await inbox.received(2), [numberedPayload(1), numberedPayload(2)]);
});

test('a thousand events may be under way at once, and arrive in the order they were published in', async (t) => {
  await using rig = await openRig();
  const { told } = testContracts();
  const inbox = new Inbox<number>();
  await rig.bus.subscribe([told], { handler: ({ number }) => inbox.take(number) });
  const numbers = Array.from({ length: 1_000 }, (_, number) => number);
  await Promise.all(numbers.map((number) => rig.bus.publish(told, numberedPayload(number), anyId())));
  t.deepEqual(await inbox.received(1_000), numbers);
});

for (const end of ['kill', 'stop'] as const) {
  test(`nobody misses an event over a ${end} of the server, and who is alone gets them in order`, async (t) => {
    await using rig = await openRig();
    const { told } = testContracts();
    const inboxes = { single: new Inbox<number>(), group: new Inbox<number>() };
    await rig.bus.subscribe([told], { handler: ({ number }) => inboxes.single.take(number) });
    await rig.bus.subscribe([told], { group: 'g', handler: ({ number }) => inboxes.group.take(number) });
    const published = publishAll(rig.bus, told, 400);
    await inboxes.single.received(100);
    await rig.nats.server[end]();
    await rig.nats.server.restart();
    await published;
    const numbers = Array.from({ length: 400 }, (_, number) => number);
    for (const inbox of Object.values(inboxes)) {
      await eventually(() => new Set(inbox.messages).size === 400, { what: 'every event' });
    }
    t.deepEqual(inboxes.single.messages, numbers, 'each exactly once');
  });
}

test('a stream that is lost with its disk is made anew, and those who follow it go on', async (t) => {
  await using rig = await openRig();
  const { told } = testContracts();
  const [single, grouped] = [new Inbox<Numbered>(), new Inbox<Numbered>()];
  await rig.bus.subscribe([told], { handler: single.take });
  await rig.bus.subscribe([told], { group: 'g', handler: grouped.take });
  for (let number = 0; number < 5; number += 1) await rig.bus.publish(told, numberedPayload(number), anyId());
  for (const inbox of [single, grouped]) await inbox.received(5);
  await rig.nats.server.stop();
  await rm(join(dirname(rig.nats.server.logFile), 'jetstream'), { recursive: true });
  await rig.nats.server.restart();
  await publishUntilKept(rig.bus, told, 5);
  t.deepEqual((await single.received(6)).at(-1), numberedPayload(5));
  // A group begins with what comes after it was made anew.
  for (let number = 6; grouped.messages.length === 5; number += 1) {
    await publishUntilKept(rig.bus, told, number);
    await single.received(number + 1);
  }
});

test('a stream that somebody deletes is made anew by the next event', async (t) => {
  await using rig = await openRig();
  await using raw = await rawClient(rig.nats.url);
  const { told } = testContracts();
  const inbox = new Inbox<Numbered>();
  await rig.bus.subscribe([told], { handler: inbox.take });
  await rig.bus.publish(told, numberedPayload(1), anyId());
  await inbox.received(1);
  const manager = await jetstreamManager(raw.client);
  await manager.streams.delete(EVENT_STREAM);
  const error = await t.throwsAsync(rig.bus.publish(told, numberedPayload(2), anyId()), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'no_stream');
  await publishUntilKept(rig.bus, told, 2);
  t.deepEqual(await inbox.received(2), [1, 2].map(numberedPayload));
});

test('the limits of a stream that an earlier version made are brought up to date', async (t) => {
  await using rig = await openRig();
  await using raw = await rawClient(rig.nats.url);
  const manager = await jetstreamManager(raw.client);
  await manager.streams.add({ name: EVENT_STREAM, subjects: ['events.>'], max_bytes: 1_000_000 });
  await rig.bus.publish(testContracts().told, numberedPayload(1), anyId());
  const { config, state } = await manager.streams.info(EVENT_STREAM);
  t.is(state.messages, 1);
  t.like(config, { max_bytes: 1024 ** 3, max_age: 24 * 3_600 * 1e9, duplicate_window: 120 * 1e9 });
});

test('a server without room for the stream is unavailable, and the events go once there is', async (t) => {
  await using rig = await openRig();
  await using raw = await rawClient(rig.nats.url);
  const { told } = testContracts();
  const manager = await jetstreamManager(raw.client);
  await manager.streams.add({ name: 'OTHER', subjects: ['events.>'] });
  const refused = rig.bus.publish(told, numberedPayload(1), anyId());
  t.is((await t.throwsAsync(refused, { instanceOf: UnavailableError })).code, 'no_stream');
  await manager.streams.delete('OTHER');
  await t.notThrowsAsync(rig.bus.publish(told, numberedPayload(1), anyId()));
});

for (const group of [undefined, 'g']) {
  const whom = group === undefined ? 'a single subscriber' : 'a group';
  test(`what ${whom} cannot use is parked with its reason, and the next event arrives`, async (t) => {
    await using rig = await openRig();
    const { told } = testContracts();
    const inbox = new Inbox<Numbered>();
    await rig.bus.subscribe([told], { ...(group !== undefined && { group }), handler: inbox.take });
    await sendBad(rig, told.subject);
    await rig.bus.publish(told, { number: 'one' } as unknown as Numbered, anyId());
    await rig.bus.publish(told, numberedPayload(1), anyId());
    t.deepEqual(await inbox.received(1), [numberedPayload(1)]);
    const parked = await rig.parked.received(badBodies.length + 1);
    assertParked(t, parked, { subject: told.subject, consumer: group === undefined ? 'test' : 'test/g' });
    t.like(parked.at(-1), { reason: 'malformed', subject: told.subject });
  });
}

test('news that cannot be used is parked with its reason, and the next arrives', async (t) => {
  await using rig = await openRig();
  const { news } = testContracts();
  const inbox = new Inbox<Numbered>();
  await rig.bus.subscribe([news], { handler: inbox.take });
  await sendBad(rig, news.subject);
  rig.bus.announce(news, { number: 'one' } as unknown as Numbered);
  rig.bus.announce(news, numberedPayload(1));
  t.deepEqual(await inbox.received(1), [numberedPayload(1)]);
  const parked = await rig.parked.received(badBodies.length + 1);
  assertParked(t, parked, { subject: news.subject, consumer: 'test' });
  t.like(parked.at(-1), { reason: 'malformed', subject: news.subject });
});

test('an event that is too large is refused to its publisher', async (t) => {
  await using rig = await openRig();
  const { told } = testContracts();
  const large = { number: 1, note: 'ä'.repeat(270_000) };
  const error = await t.throwsAsync(rig.bus.publish(told, large, anyId()), { instanceOf: InvalidError });
  t.is(error.code, 'message_too_large');
});

test('two processes of a group share its events, and one that leaves loses none', async (t) => {
  await using rig = await openRig();
  await using other = await createNatsBus({ url: rig.nats.url, name: 'test' });
  const { told } = testContracts();
  const inboxes = [new Inbox<number>(), new Inbox<number>()];
  for (const [index, bus] of [rig.bus, other].entries()) {
    await bus.subscribe([told], { group: 'g', handler: async ({ number }) => inboxes[index]?.take(number) });
  }
  const published = publishAll(rig.bus, told, 300);
  await Promise.all(inboxes.map((inbox) => inbox.received(20)));
  await other[Symbol.asyncDispose]();
  await published;
  const all = (): number[] => inboxes.flatMap(({ messages }) => messages);
  await eventually(() => new Set(all()).size === 300);
  t.is(all().length, 300, 'each once');
});

async function sendBad(rig: Rig, subject: string): Promise<void> {
  await using raw = await rawClient(rig.nats.url);
  for (const { body } of badBodies) raw.client.publish(subject, body);
  await raw.client.flush();
}

function assertParked(
  t: ExecutionContext,
  parked: readonly ParkedMessage[],
  whose: { readonly subject: string; readonly consumer: string },
): void {
  for (const [index, { what, reason, encoding = 'text' }] of badBodies.entries()) {
    t.like(parked[index], { ...whose, reason, encoding }, what);
  }
}

/** As a relay does it: an event that was not kept is published again, under its id, before the next. */
async function publishAll(bus: Bus, told: ReturnType<typeof testContracts>['told'], count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) await publishUntilKept(bus, told, number);
}

async function publishUntilKept(
  bus: Bus,
  told: ReturnType<typeof testContracts>['told'],
  number: number,
): Promise<void> {
  const id: PublishOptions = anyId();
  await eventually(async () => {
    await bus.publish(told, numberedPayload(number), id);
    return true;
  });
}

import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startNatsServer } from '@oio/backing-servers';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import type { Bus } from '../../src/bus.ts';
import { createNatsBus } from '../../src/nats/nats-bus.ts';
import { Inbox } from '../../src/testing/inbox.ts';
import { anyId, numberedPayload, testContracts } from '../../src/testing/test-contracts.ts';
import { startTestNats, type TestNats } from '../support/start-test-nats.ts';

type TestContracts = ReturnType<typeof testContracts>;

interface Rig extends AsyncDisposable {
  readonly nats: TestNats;
  readonly bus: Bus;
  readonly contracts: TestContracts;
  readonly heard: Inbox<number>;
}

/** A subscriber has heard 0 to 5; then the server stops, and has lost the last three of them. */
async function loseTheTail(): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startTestNats());
  const bus = stack.use(await createNatsBus({ url: nats.url, name: 'test' }));
  const contracts = testContracts();
  const heard = new Inbox<number>();
  await bus.subscribe([contracts.told], { handler: ({ number }) => heard.take(number) });
  await publishAll(bus, contracts.told, [0, 1, 2]);
  await heard.received(3);
  await nats.server.stop();
  const store = storeOf(nats);
  await cp(store, `${store}-older`, { recursive: true });
  await nats.server.restart();
  await publishAll(bus, contracts.told, [3, 4, 5]);
  await heard.received(6);
  await nats.server.stop();
  await rm(store, { recursive: true });
  await cp(`${store}-older`, store, { recursive: true });
  const owned = stack.move();
  return { nats, bus, contracts, heard, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('who had heard more than a server that is back from an older copy still has misses nothing that comes then', async (t) => {
  await using rig = await loseTheTail();
  await rig.nats.server.restart();
  await publishAll(rig.bus, rig.contracts.told, [6, 7]);
  await t.notThrowsAsync(hears(rig, [6, 7]));
});

test('nor when as many have come again before it is back', async (t) => {
  await using rig = await loseTheTail();
  await publishMeanwhile(rig, (bus) => publishAll(bus, rig.contracts.told, [6, 7, 8, 9]));
  await rig.nats.server.restart();
  await t.notThrowsAsync(hears(rig, [6, 7, 8, 9]));
});

test('nor when those are of others in part', async (t) => {
  await using rig = await loseTheTail();
  await publishMeanwhile(rig, async (bus) => {
    await publishAll(bus, rig.contracts.told, [6]);
    await publishAll(bus, rig.contracts.toldToo, [7, 8, 9]);
  });
  await rig.nats.server.restart();
  await publishAll(rig.bus, rig.contracts.told, [10]);
  await t.notThrowsAsync(hears(rig, [6, 10]));
});

/** Publishes to a server on the same files that the subscriber does not reach. */
async function publishMeanwhile({ nats }: Rig, publish: (bus: Bus) => Promise<void>): Promise<void> {
  const directory = dirname(storeOf(nats));
  const configuration = join(directory, 'nats.conf');
  await using server = await startNatsServer({ directory, configuration });
  await using bus = await createNatsBus({ url: server.urlOf('test'), name: 'other' });
  await publish(bus);
}

async function hears({ heard }: Rig, numbers: readonly number[]): Promise<void> {
  await eventually(() => numbers.every((number) => heard.messages.includes(number)), {
    what: 'what came then',
    withinMs: 15_000,
  });
}

/** As a relay does it: what was not kept is published again under its id. */
async function publishAll(bus: Bus, told: TestContracts['told'], numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const id = anyId();
    await eventually(async () => {
      await bus.publish(told, numberedPayload(number), id);
      return true;
    });
  }
}

function storeOf({ server }: TestNats): string {
  return join(dirname(server.logFile), 'jetstream');
}

import { abortAttempt, inspectPlace, serverAnnounced } from '@oio/contracts';
import { InvalidError, TimeoutError, UnavailableError } from '@oio/errors';
import { type Bus, createInProcessBus, serviceEnvelope } from '@oio/messaging';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createGatewayRouter, gatewayAddress } from '../src/gateway-router.ts';

const ABORT = { sessionId: '0192f3c1-8d5e-7c1a-9b7e-1d2c3b4a5f60', token: '1.1', epoch: 1, fence: 1_000_000 };
const QUESTION = {
  directory: null,
  workspace: null,
  agent: null,
  agentConfigNames: [],
  models: [],
  cpuLimit: null,
  memoryLimitMb: null,
};

test('while no gateway was heard of, any of those that reach the server is asked', async (t) => {
  await using stand = await Stand.open();
  await stand.serve('server.one');
  await stand.abort();
  t.deepEqual(stand.asked, ['server.one']);
});

test('the gateways that tell of a server are asked in turn, and none that tells of another one only', async (t) => {
  await using stand = await Stand.open();
  for (const gateway of ['a', 'b', 'c']) await stand.serve(gatewayAddress(gateway));
  await stand.tell('a');
  await stand.tell('b');
  await stand.tell('c', { serverId: 'two' });
  for (let count = 0; count < 4; count += 1) await stand.abort();
  t.deepEqual(stand.asked.toSorted(), ['gateway.a', 'gateway.a', 'gateway.b', 'gateway.b']);
});

test('the preferred gateway is asked first while it tells of the server, and any other one when it is gone', async (t) => {
  await using stand = await Stand.open();
  for (const gateway of ['a', 'b', 'c']) await stand.serve(gatewayAddress(gateway));
  for (const gateway of ['a', 'b', 'gone']) await stand.tell(gateway);
  await stand.tell('c', { serverId: 'two' });
  for (let count = 0; count < 3; count += 1) await stand.abort(1_000, 'b');
  await stand.abort(1_000, 'gone');
  await stand.abort(1_000, 'c');
  t.deepEqual(stand.asked.slice(0, 3), ['gateway.b', 'gateway.b', 'gateway.b']);
  t.is(stand.asked.length, 5);
  t.false(stand.asked.includes('gateway.c'));
});

test('what concerns no server in particular goes to any gateway that was heard of', async (t) => {
  await using stand = await Stand.open();
  await stand.serve(gatewayAddress('c'));
  await stand.tell('c', { serverId: 'two' });
  await stand.inspect();
  t.deepEqual(stand.asked, ['gateway.c']);
});

test('a gateway that says that the server is not well is not asked about it', async (t) => {
  await using stand = await Stand.open();
  await stand.serve(gatewayAddress('a'));
  await stand.serve('server.one');
  await stand.tell('a');
  await stand.tell('a', { healthy: false });
  await stand.abort();
  t.deepEqual(stand.asked, ['server.one']);
});

test('a gateway that has fallen silent gets nothing more', async (t) => {
  await using stand = await Stand.open();
  await stand.serve(gatewayAddress('frozen'));
  await stand.serve('server.one');
  await stand.tell('frozen');
  await eventually(
    async () => {
      await stand.abort();
      return stand.asked.at(-1) === 'server.one';
    },
    { what: 'the silent one is left out' },
  );
  t.is(stand.asked[0], 'gateway.frozen');
});

test('one that is gone or does not reach the server is passed over at once', async (t) => {
  await using stand = await Stand.open();
  await stand.serve(gatewayAddress('cut'), () => {
    throw new UnavailableError('It cannot be reached from here.', { code: 'no_server' });
  });
  await stand.serve('server.one');
  await stand.tell('cut');
  await stand.tell('gone');
  await stand.abort();
  t.deepEqual(stand.asked, ['gateway.cut', 'server.one']);
});

test('one that does not answer costs one time-out; the next request goes to another', async (t) => {
  await using stand = await Stand.open();
  const frozen = Promise.withResolvers<void>();
  await stand.serve(gatewayAddress('frozen'), () => frozen.promise);
  await stand.serve('server.one');
  await stand.tell('frozen');
  await t.throwsAsync(stand.abort(50), { instanceOf: TimeoutError, code: 'no_reply' });
  await stand.abort(50);
  t.deepEqual(stand.asked, ['gateway.frozen', 'server.one']);
  frozen.resolve();
});

test('what only reads is asked of another one when the first does not answer', async (t) => {
  await using stand = await Stand.open();
  const frozen = Promise.withResolvers<void>();
  await stand.serve(gatewayAddress('frozen'), () => frozen.promise);
  await stand.serve('server.one');
  await stand.tell('frozen');
  await stand.read();
  t.deepEqual(stand.asked, ['gateway.frozen', 'server.one']);
  frozen.resolve();
});

test('a refusal of what only reads is not asked for again', async (t) => {
  await using stand = await Stand.open();
  await stand.serve(gatewayAddress('a'), () => {
    throw new InvalidError('No.');
  });
  await stand.tell('a');
  await t.throwsAsync(stand.read(), { instanceOf: InvalidError });
  t.deepEqual(stand.asked, ['gateway.a']);
});

test('what a gateway refuses is refused', async (t) => {
  await using stand = await Stand.open();
  await stand.serve(gatewayAddress('a'), () => {
    throw new InvalidError('No.');
  });
  await stand.tell('a');
  await t.throwsAsync(stand.abort(), { instanceOf: InvalidError });
  await t.throwsAsync(stand.abort(), { instanceOf: InvalidError });
  t.deepEqual(stand.asked, ['gateway.a', 'gateway.a']);
});

/** A bus with gateways that do as they are told, and a router in front of them. */
class Stand implements AsyncDisposable {
  /** The addresses that were asked, in order. */
  readonly asked: string[] = [];
  readonly #bus: Bus = createInProcessBus();
  readonly #router = createGatewayRouter(this.#bus);

  #heard = 0;

  static async open(): Promise<Stand> {
    const stand = new Stand();
    // Behind the router's own: what has come here it has heard.
    await stand.#bus.subscribe([serverAnnounced], { handler: () => void (stand.#heard += 1) });
    return stand;
  }

  async serve(at: string, conduct: () => void | Promise<void> = () => {}): Promise<void> {
    const act = async (): Promise<void> => {
      this.asked.push(at);
      await conduct();
    };
    await this.#bus.serve(abortAttempt, () => act().then(() => ({ state: 'aborting' as const })), { at });
    await this.#bus.serve(inspectPlace, () => act().then(() => ({ place: null, violations: [] })), { at });
  }

  async tell(gateway: string, { serverId = 'one', healthy = true } = {}): Promise<void> {
    const before = this.#heard;
    this.#bus.announce(serverAnnounced, {
      serverId,
      healthy,
      capacity: 1,
      accepting: true,
      version: null,
      detail: null,
      gateway,
    });
    await eventually(() => this.#heard > before, { what: 'the news' });
  }

  abort(timeoutMs = 1_000, preferred: string | null = null): Promise<unknown> {
    const envelope = serviceEnvelope('session-actor');
    return this.#router.request(abortAttempt, ABORT, envelope, { serverId: 'one', preferred, timeoutMs });
  }

  read(): Promise<unknown> {
    return this.#router.read(inspectPlace, QUESTION, serviceEnvelope('http-gateway'), { serverId: 'one' });
  }

  inspect(): Promise<unknown> {
    return this.#router.request(inspectPlace, QUESTION, serviceEnvelope('session-actor'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bus[Symbol.asyncDispose]();
  }
}

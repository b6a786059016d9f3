import type { ServerResponse } from 'node:http';
import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../src/adapters/opencode-agent-server.ts';
import { Fleet, type KnownServer } from '../src/fleet.ts';
import { FAILED_CHECKS } from '../src/server-health.ts';
import { sendJson, startHttpServer } from './support/http-server.ts';

const HEALTHY = { healthy: true, version: '1' };

interface Served {
  readonly fleet: Fleet;
  /** Servers that are served at the moment. */
  readonly serving: Set<string>;
}

function openFleet(refusals: readonly Error[] = []): Served & AsyncDisposable {
  const serving = new Set<string>();
  const toThrow = [...refusals];
  const fleet = new Fleet({
    connect: ({ url, password }) => new OpencodeAgentServer({ url, password, events: { firstDelayMs: 1 } }),
    async serve({ link }) {
      const refusal = toThrow.shift();
      if (refusal) throw refusal;
      serving.add(link.serverId);
      return async () => void serving.delete(link.serverId);
    },
    logger: createLogger('opencode-gateway', { level: 'silent' }),
  });
  return { fleet, serving, [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose]() };
}

/** A server that refuses whoever comes without a password. */
function startGuarded(answer: Parameters<typeof startHttpServer>[0]) {
  return startHttpServer((request, response) => {
    if (request.headers.authorization) answer(request, response);
    else response.writeHead(401).end();
  });
}

function known(id: string, url: string, more: Partial<KnownServer> = {}): KnownServer {
  return { id, url, password: 'password', capacity: 2, managed: false, draining: null, ...more };
}

function stateOf(fleet: Fleet, serverId: string) {
  return fleet.states().find(({ server }) => server.id === serverId);
}

test('a server is served while it answers, and only then', async (t) => {
  let isWell = false;
  await using server = await startGuarded((_request, response) =>
    isWell ? sendJson(response, HEALTHY) : response.writeHead(500).end(),
  );
  await using served = openFleet();
  const { fleet, serving } = served;
  await fleet.take([known('a', server.url)]);
  await fleet.check();
  t.deepEqual([...serving], []);
  t.throws(() => fleet.linkedTo('a')?.link.agent(), { code: 'server_down' });

  isWell = true;
  await fleet.check();
  t.deepEqual([...serving], ['a']);
  t.like(stateOf(fleet, 'a'), { up: true, version: '1', trouble: null });

  isWell = false;
  await fleet.check();
  await fleet.check();
  t.deepEqual([...serving], ['a'], 'it may stand still for a while');
  await fleet.check();
  t.deepEqual([...serving], []);
  t.like(stateOf(fleet, 'a'), { up: false, trouble: 'OpenCode failed (500): no reason given' });
});

/** A fleet that has found server `a` well, and another place for it. */
async function openFleetOfMovable() {
  await using stack = new AsyncDisposableStack();
  const answer = (_request: unknown, response: ServerResponse) => sendJson(response, HEALTHY);
  const before = stack.use(await startGuarded(answer));
  const after = stack.use(await startGuarded(answer));
  const { fleet, serving } = stack.use(openFleet());
  await fleet.take([known('a', before.url)]);
  await fleet.check();
  const owned = stack.move();
  return { fleet, serving, after, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('a server that has moved is followed, and one that was taken out is let go', async (t) => {
  await using movable = await openFleetOfMovable();
  const { fleet, serving, after } = movable;
  await fleet.take([known('a', after.url)]);
  t.deepEqual([...serving], []);
  await fleet.check();
  t.deepEqual([...serving], ['a']);
  t.is(after.requests.length, 2, 'with its password and without');
  await fleet.take([]);
  t.deepEqual([...serving], []);
  t.is(fleet.linkedTo('a'), null);
});

test('whoever works on a server that leaves, as a managed one does with its gateway, finds it again when it is back', async (t) => {
  await using movable = await openFleetOfMovable();
  const { fleet, serving, after } = movable;
  const held = fleet.linkedTo('a');
  await fleet.take([]);
  t.is(held?.link.up, false);
  t.deepEqual(fleet.states(), []);
  const back = held?.link.waitUntilUp(AbortSignal.timeout(5_000));
  await fleet.take([known('a', after.url)]);
  t.like(stateOf(fleet, 'a'), { up: false, version: null, trouble: 'It has not answered yet.' });
  await fleet.check();
  await t.notThrowsAsync(async () => back);
  t.like(await held?.link.agent().health(), { version: '1' });
  t.deepEqual([...serving], ['a']);
});

test('a server that the bus does not let be served is told of once, and tried again when it comes up', async (t) => {
  await using server = await startGuarded((_request, response) => sendJson(response, HEALTHY));
  await using served = openFleet([new Error('NATS does not let this user subscribe.')]);
  const { fleet, serving } = served;
  await fleet.take([known('a', server.url)]);
  await t.throwsAsync(fleet.check(), { message: /does not let this user/ });
  await fleet.take([]);
  await fleet.take([known('a', server.url)]);
  await fleet.check();
  t.deepEqual([...serving], ['a']);
});

test('somebody else’s server that lets in whoever asks is not used', async (t) => {
  await using server = await startHttpServer((_request, response) => sendJson(response, HEALTHY));
  await using served = openFleet();
  const { fleet, serving } = served;
  await fleet.take([known('open', server.url)]);
  for (let checks = 0; checks < FAILED_CHECKS; checks += 1) await fleet.check();
  t.deepEqual([...serving], []);
  t.regex(stateOf(fleet, 'open')?.trouble ?? '', /lets in whoever asks/);
});

test('hostile servers are down, each with its reason, and hold up nobody', async (t) => {
  const hostile: Record<string, (response: ServerResponse) => void> = {
    empty: (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(),
    html: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    'wrong-json': (response) => sendJson(response, { healthy: 'perhaps' }),
    'no-json': (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"healthy":'),
    endless: pour,
    storm: (response) => response.writeHead(500).end(),
    slow: (response) => response.writeHead(429, { 'retry-after': '3600' }).end(),
    stranger: (response) => response.writeHead(401).end(),
    silent: () => undefined,
  };
  await using server = await startGuarded((_request, response) => sendJson(response, HEALTHY));
  await using stack = new AsyncDisposableStack();
  const servers: KnownServer[] = [known('well', server.url)];
  for (const [name, answer] of Object.entries(hostile)) {
    const one = stack.use(await startHttpServer((_request, response) => answer(response)));
    servers.push(known(name, one.url));
  }
  await using served = openFleet();
  const { fleet, serving } = served;
  await fleet.take(servers);
  // Those that never answer are still being waited for.
  void fleet.check();
  await eventually(() => serving.has('well'), { what: 'the server that is well' });
  const others = Object.keys(hostile).filter((name) => name !== 'silent');
  await eventually(
    () => {
      void fleet.check();
      return others.every((name) => stateOf(fleet, name)?.trouble !== 'It has not answered yet.');
    },
    { what: 'what is wrong with the others' },
  );
  t.deepEqual([...serving], ['well']);
  t.regex(stateOf(fleet, 'stranger')?.trouble ?? '', /refused the password/);
  t.regex(stateOf(fleet, 'html')?.trouble ?? '', /text\/html instead of JSON/);
  t.regex(stateOf(fleet, 'endless')?.trouble ?? '', /more than \d+ bytes/);
});

/** An answer without an end, as fast as it is read. */
function pour(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const more = (): void => {
    while (!response.destroyed && response.write('x'.repeat(65_536)));
  };
  response.on('drain', more);
  more();
}

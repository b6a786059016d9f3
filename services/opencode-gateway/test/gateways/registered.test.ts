import { registerServer, removeServer } from '@oio/contracts';
import { serviceEnvelope } from '@oio/messaging';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { sendJson, startHttpServer } from '../support/http-server.ts';
import { openGateways } from '../support/gateway-pair.ts';

const PASSWORD = 'only for its eyes';
const RIGHT = `Basic ${Buffer.from(`opencode:${PASSWORD}`).toString('base64')}`;

/** A server that is well, and as careful as it is told to be. */
function startServer(guarded: boolean) {
  return startHttpServer((request, response) => {
    if (guarded && request.headers.authorization !== RIGHT) response.writeHead(401).end();
    else sendJson(response, { healthy: true, version: '1' });
  });
}

async function open() {
  const gateways = await openGateways('/tmp');
  const { bus, database } = gateways;
  const envelope = serviceEnvelope('http-gateway');
  return {
    gateways,
    add: (url: string, more: { readonly id?: string; readonly password?: string } = {}) =>
      bus.request(registerServer, { id: 'theirs', url, password: PASSWORD, capacity: 3, ...more }, envelope),
    remove: (serverId: string) => bus.request(removeServer, { serverId }, envelope),
    row: async () =>
      (await database.query<Record<string, unknown>>("select * from servers where id = 'theirs'", []))[0],
    say: (sql: string) => database.query(sql, []),
    [Symbol.asyncDispose]: () => gateways[Symbol.asyncDispose](),
  };
}

test('a server that is registered is used by every gateway, its password sealed', async (t) => {
  await using server = await startServer(true);
  await using scene = await open();
  await scene.gateways.start({});
  await scene.gateways.start({});
  await scene.add(server.url);
  t.like(await scene.row(), { url: server.url, capacity: 3, managed: false });
  t.notRegex(JSON.stringify(await scene.row()), new RegExp(PASSWORD));
  const seen = await eventually(async () => (await scene.row())?.['observed']);
  t.like(seen, { healthy: true, version: '1' });
});

test('one that lets in whoever asks, refuses the password or cannot be reached is not entered', async (t) => {
  await using careless = await startServer(false);
  await using server = await startServer(true);
  await using scene = await open();
  await scene.gateways.start({});
  await t.throwsAsync(scene.add(careless.url), { code: 'no_password' });
  await t.throwsAsync(scene.add(server.url, { password: 'another' }), { code: 'server_unusable' });
  await t.throwsAsync(scene.add('http://127.0.0.1:1'), { code: 'server_unusable' });
  t.is(await scene.row(), undefined);
});

test('one is forgotten when it is drained and nothing runs on it, and one that a gateway started never', async (t) => {
  await using server = await startServer(true);
  await using scene = await open();
  await scene.gateways.start({});
  await scene.add(server.url);
  await t.throwsAsync(scene.remove('theirs'), { code: 'server_in_use' });
  await scene.say("update servers set drain_asked = true where id = 'theirs'");
  await scene.remove('theirs');
  t.is(await scene.row(), undefined);
  await t.throwsAsync(scene.remove('theirs'), { code: 'server_not_found' });
  await scene.add(server.url);
  await scene.say("update servers set managed = true, drain_asked = true where id = 'theirs'");
  await t.throwsAsync(scene.remove('theirs'), { code: 'server_managed' });
  await t.throwsAsync(scene.add(server.url), { code: 'server_managed' });
});

import { type NewServer, registerServer, removeServer, type ServerView } from '@oio/contracts';
import { ConflictError } from '@oio/errors';
import { newId } from '@oio/runtime';
import test from 'ava';
import { type Api, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const key = KEYS.operator;
const SEEN = {
  version: '1.18.33',
  trouble: null,
  startedAt: '2026-01-01T00:00:00.000Z',
  directories: 3,
  memoryBytes: 1_000_000,
  databaseBytes: 2_000,
  cpuPercent: 12.5,
  diskBytes: 3_000,
};
const OBSERVED: unknown = { healthy: true, ...SEEN };

/** Enters a server as a gateway does; its id. */
async function enter(api: Api, { observed = OBSERVED, managed = true, agoSeconds = 1 } = {}) {
  const id = newId();
  await api.database.query(
    `insert into servers (id, url, credentials, capacity, managed, observed, observed_at)
     values ($1, 'http://opencode:secret@127.0.0.1:4096/', 'sealed secret', 8, $2, $3, now() - make_interval(secs => $4))`,
    [id, managed, JSON.stringify(observed), agoSeconds],
  );
  return id;
}

async function listed(api: Api, id: string): Promise<ServerView | undefined> {
  const response = await api.fetch('/v1/servers', { key });
  const { servers } = (await response.json()) as { servers: ServerView[] };
  return servers.find((server) => server.id === id);
}

test('an operator sees how each server is, and nobody its password', async (t) => {
  await using api = await startApi(database());
  const id = await enter(api);
  const { observedAt, ...server } = (await listed(api, id)) ?? { observedAt: null };
  t.is(typeof observedAt, 'string');
  const known = { id, url: 'http://127.0.0.1:4096', managed: true, capacity: 8, running: 0, draining: null };
  t.deepEqual(server as unknown, { ...known, ...SEEN, state: 'up' });
  t.notRegex(await (await api.fetch('/v1/servers', { key })).text(), /secret/);
});

test('the metrics say what each server takes of the machine, and leave out what is not known', async (t) => {
  await using api = await startApi(database());
  const id = await enter(api);
  const foreign = await enter(api, { observed: { ...SEEN, healthy: true, cpuPercent: null, memoryBytes: null } });
  const body = await (await api.fetch('/metrics', { key })).text();
  t.true(body.includes(`oio_server_cpu_cores{server="${id}"} 0.125`));
  t.true(body.includes(`oio_server_memory_bytes{server="${id}"} 1000000`));
  t.true(body.includes(`oio_server_disk_bytes{server="${id}"} 3000`));
  t.true(body.includes(`oio_server_up{server="${foreign}"} 1`));
  t.false(body.includes(`oio_server_memory_bytes{server="${foreign}"}`));
});

test('a server is down when a gateway says so, and unknown when none says anything or it cannot be read', async (t) => {
  await using api = await startApi(database());
  const down = await enter(api, { observed: { ...SEEN, healthy: false, trouble: 'It does not answer.' } });
  t.like(await listed(api, down), { state: 'down', trouble: 'It does not answer.' });
  t.is((await listed(api, await enter(api, { agoSeconds: 60 })))?.state, 'unknown');
  t.like(await listed(api, await enter(api, { observed: { of: 'a later version' } })), {
    state: 'down',
    version: null,
  });
});

test('a server is drained and takes attempts again as an operator orders', async (t) => {
  await using api = await startApi(database());
  const id = await enter(api, { managed: false });
  const order = async (what: string, of = id) => {
    const response = await api.fetch(`/v1/servers/${of}/${what}`, { method: 'POST', key });
    return { status: response.status, body: (await response.json()) as ServerView & { code?: string } };
  };
  t.like(await order('drain'), { status: 200, body: { id, draining: 'An operator has asked for it.' } });
  t.truthy((await listed(api, id))?.draining);
  t.like(await order('accept'), { status: 200, body: { id, draining: null } });
  await api.database.query(
    "update servers set draining = 'It is old.', out_of_service = 'A turn goes on.' where id = $1",
    [id],
  );
  t.is((await listed(api, id))?.draining, 'A turn goes on.', 'what may still be at work comes first');
  t.like(await order('accept'), { status: 200, body: { id, draining: 'It is old.' } }, 'somebody has looked at it');
  t.like(await order('drain', newId()), { status: 404, body: { code: 'server_not_found' } });
  t.is((await order('drain', 'a%20b')).status, 422);
});

test('an operator registers a server that a gateway finds in order, and takes it out again', async (t) => {
  await using api = await startApi(database());
  const asked: NewServer[] = [];
  const id = newId();
  const wanted = { id, url: 'http://127.0.0.1:4096', password: 'secret' };
  await api.bus.serve(registerServer, async ({ payload }) => {
    asked.push(payload);
    await api.database.query(
      `insert into servers (id, url, credentials, capacity, managed) values ($1, $2, 'sealed', $3, false)`,
      [payload.id, payload.url, payload.capacity],
    );
    return { registered: true as const };
  });
  await api.bus.serve(removeServer, async () => {
    throw new ConflictError('Drain the server first.', { code: 'server_in_use' });
  });
  const order = async (method: string, path: string, json?: unknown, by: string = key) => {
    const response = await api.fetch(path, { method, key: by, json });
    return { status: response.status, text: await response.text() };
  };
  const added = await order('POST', '/v1/servers', wanted);
  t.is(added.status, 201);
  t.notRegex(added.text, /secret/);
  t.deepEqual(asked, [{ ...wanted, capacity: 8 }]);
  t.is((await order('POST', '/v1/servers', wanted, KEYS.alice)).status, 403, 'not an operator');
  t.is((await order('DELETE', `/v1/servers/${id}`)).status, 409);
  t.is((await order('DELETE', `/v1/servers/${newId()}`)).status, 404);
});

const ADDRESSES = [
  'http://user:pass@host/',
  'ftp://host',
  '',
  'http://',
  '//host',
  'http://host/path',
  'http://host?q',
];

for (const wrong of [{ password: '' }, { id: 'a.b' }, { capacity: '4' }, ...ADDRESSES.map((url) => ({ url }))])
  test(`a server is not registered with ${JSON.stringify(wrong)}, and the field is named`, async (t) => {
    await using api = await startApi(database());
    const json = { id: newId(), url: 'http://127.0.0.1:4096', password: 'secret', ...wrong };
    const response = await api.fetch('/v1/servers', { method: 'POST', key, json });
    const text = await response.text();
    t.is(response.status, 422);
    const { violations } = JSON.parse(text) as { violations: { field: string }[] };
    t.deepEqual(
      violations.map(({ field }) => field).filter((field, index, all) => all.indexOf(field) === index),
      Object.keys(wrong),
    );
    t.notRegex(text, /secret|pass@/);
  });

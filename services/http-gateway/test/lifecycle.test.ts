import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { diffWorkspace } from '@oio/contracts';
import { EXIT_CODE, type StartupError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { aRunningSession } from './support/a-session.ts';
import { eventually } from '@oio/runtime/testing';
import { startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);

test('a port that is taken is told in words, with what to do', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const error = await t.throwsAsync<StartupError>(startApi(database(), { environment: { API_PORT: String(port) } }), {
    name: 'StartupError',
  });
  t.is(error?.exitCode, EXIT_CODE.unavailable);
  t.regex(error?.message ?? '', new RegExp(`Port ${port} on 127.0.0.1 is taken.*API_PORT`));
});

test('an address of another machine is told in words', async (t) => {
  await t.throwsAsync(startApi(database(), { environment: { API_HOST: '192.0.2.1', API_ALLOWED_HOSTS: 'x' } }), {
    name: 'StartupError',
    message: /no address of this machine/,
  });
});

test('the API does not listen on every address before its names are known', async (t) => {
  const error = await t.throwsAsync<StartupError>(startApi(database(), { environment: { API_HOST: '0.0.0.0' } }), {
    name: 'StartupError',
    message: /API_ALLOWED_HOSTS/,
  });
  t.is(error?.exitCode, EXIT_CODE.config);
  await using api = await startApi(database(), {
    environment: { API_HOST: '0.0.0.0', API_ALLOWED_HOSTS: 'oio.example' },
  });
  t.is((await api.fetch('/health/live')).status, 200);
});

test('ready means that everything that requests need works', async (t) => {
  let broken = false;
  const sessions = async () => {
    if (broken) throw new UnavailableError('no worker', { code: 'no_owner' });
  };
  await using api = await startApi(database(), { ports: { checks: { sessions } } });
  const ready = await api.fetch('/health/ready');
  t.is(ready.status, 200);
  t.deepEqual(await ready.json(), { status: 'ready', checks: { database: 'ok', sessions: 'ok' } });
  broken = true;
  await eventually(async () => (await api.fetch('/health/ready')).status === 503);
  t.deepEqual(await (await api.fetch('/health/ready')).json(), {
    status: 'not_ready',
    checks: { database: 'ok', sessions: 'no_owner' },
  });
  t.is((await api.fetch('/health/live')).status, 200);
});

test('a stop lets requests that are being answered finish and takes no new ones', async (t) => {
  const api = await startApi(database());
  const { id } = await aRunningSession(api);
  const [asked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await api.database.query(
    `update sessions set snapshot = jsonb_set(snapshot, '{attempt,serverId}', '"slow"') where id = $1::uuid`,
    [id],
  );
  await api.bus.serve(
    diffWorkspace,
    async () => {
      asked.resolve();
      await release.promise;
      return { diff: null };
    },
    { at: 'server.slow' },
  );
  const slow = api.fetch(`/v1/sessions/${id}/diff`);
  await asked.promise;
  const stopped = api[Symbol.asyncDispose]();
  await eventually(() =>
    api.fetch('/health/live').then(
      () => false,
      () => true,
    ),
  );
  release.resolve();
  t.is((await slow).status, 200);
  await stopped;
});

test('a connection on which nothing was asked does not hold up a stop', async (t) => {
  const api = await startApi(database());
  const { port } = new URL(api.url);
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  await once(socket, 'connect');
  const startedAt = performance.now();
  await Promise.all([once(socket, 'close'), api[Symbol.asyncDispose]()]);
  t.true(performance.now() - startedAt < 1_000);
});

test('on top of too many requests at a time further ones are refused at once; health is still told', async (t) => {
  const release = Promise.withResolvers<void>();
  const query = async (...input: Parameters<ReturnType<typeof database>['query']>) => {
    await release.promise;
    return database().query(...input);
  };
  await using api = await startApi(database(), {
    limits: { inFlight: 2 },
    ports: { database: { ...database(), query: query as never } },
  });
  const waiting = [api.fetch('/v1/sessions'), api.fetch('/v1/sessions')];
  const refused = await (async () => {
    for (;;) {
      const response = await Promise.race([api.fetch('/metrics'), api.fetch('/metrics')]);
      if (response.status === 503) return response;
    }
  })();
  t.is(refused.headers.get('retry-after'), '1');
  t.like(await refused.json(), { code: 'overloaded' });
  t.is((await api.fetch('/health/live')).status, 200);
  release.resolve();
  for (const response of await Promise.all(waiting)) t.is(response.status, 200);
});

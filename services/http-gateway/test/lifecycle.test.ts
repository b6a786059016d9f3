import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { diffWorkspace, type Route, routes } from '@oio/contracts';
import { EXIT_CODE, type StartupError, UnavailableError } from '@oio/errors';
import { createInProcessBus } from '@oio/messaging';
import { createInProcessOwnerDirectory, createSessionRouter } from '@oio/ownership';
import { type DependencyHealth, newId } from '@oio/runtime';
import test from 'ava';
import { scheduleDraft } from './support/a-schedule.ts';
import { aRunningSession } from './support/a-session.ts';
import { eventually } from '@oio/runtime/testing';
import { draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

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

const OK = { state: 'ok', optional: false, latencyMs: 1, detail: 'It answers.', figures: {} } as const;

test('ready means that nothing is down that requests cannot do without; what is down is told with its figures', async (t) => {
  const postgres: DependencyHealth = { ...OK, name: 'postgres' };
  const redis: DependencyHealth = { ...OK, name: 'redis', optional: true, figures: { breaker_open: 0 } };
  let reports = [postgres, redis];
  await using api = await startApi(database(), { ports: { health: async () => reports } });
  const ask = async (status: string) => {
    const found = await eventually(async () => {
      const response = await api.fetch('/health/ready');
      const body = (await response.json()) as { status: string };
      return body.status === status ? { code: response.status, body } : null;
    });
    return [found.code, found.body];
  };
  t.deepEqual(await ask('ready'), [200, { status: 'ready', dependencies: reports }]);
  reports = [postgres, { ...redis, state: 'down', latencyMs: null, figures: { breaker_open: 1 } }];
  t.deepEqual(await ask('degraded'), [200, { status: 'degraded', dependencies: reports }]);
  const metrics = await (await api.fetch('/metrics')).text();
  t.true(metrics.startsWith('oio_up 1\n'));
  t.regex(metrics, /^oio_dependency_up\{service="http-gateway",dependency="redis"\} 0$/m);
  t.regex(metrics, /^oio_dependency_figure\{service="http-gateway",dependency="redis",figure="breaker_open"\} 1$/m);
  t.regex(metrics, /^oio_dependency_latency_seconds\{service="http-gateway",dependency="postgres"\} 0.001$/m);
  reports = [{ ...postgres, state: 'down' }, redis];
  t.deepEqual(await ask('not_ready'), [503, { status: 'not_ready', dependencies: reports }]);
  for (const key of [null, 'wrong', `${KEYS.alice}x`]) {
    const response = await api.fetch('/health/ready', { key });
    t.deepEqual([response.status, await response.json()], [503, { status: 'not_ready' }]);
  }
  t.is((await api.fetch('/health/live')).status, 200);
});

test('a database that is gone is an outage, not an answer: every route says so and when to come again', async (t) => {
  const gone = async () => {
    throw new UnavailableError('The database does not answer at the moment.', { code: 'database_unavailable' });
  };
  const health = async (): Promise<DependencyHealth> => ({ ...OK, name: 'postgres', state: 'down' });
  await using api = await startApi(database(), { ports: { database: { ...database(), query: gone, health } } });
  const id = newId();
  /** Of the routes that take no empty one. */
  const bodies: Record<string, unknown> = {
    createSession: draft({ id }),
    submitSessions: { sessions: [draft()] },
    orderSessions: { order: 'cancel', filter: { all: true } },
    createGraph: { sessions: [{ name: 'a', ...draft() }] },
    revertSession: { checkpoint: 1 },
    queuePrompt: { prompt: 'Go on.' },
    forkSession: { checkpoint: 1, prompt: 'Go another way.' },
    answerApproval: { action: 'allow' },
    registerServer: { id: 'far', url: 'http://127.0.0.1:1', password: 'secret' },
    setLimits: { limits: [] },
    createSchedule: scheduleDraft(),
    replaceSchedule: scheduleDraft(),
    closeQuota: { until: new Date(Date.now() + 60_000).toISOString() },
  };
  for (const [name, route] of Object.entries(routes as Record<string, Route>)) {
    if (route.scope === 'public' || name === 'metrics') continue;
    const path = route.path.replaceAll(/\{(id|promptId)\}/g, id).replace('{provider}/{model}', 'known/x');
    const response = await api.fetch(path, {
      method: route.method,
      key: route.scope === 'operator' ? KEYS.operator : KEYS.alice,
      ...(route.body && { json: bodies[name] ?? {} }),
      headers: { 'idempotency-key': newId() },
    });
    t.is(response.status, 503, `${name}: ${await response.text()}`);
    t.truthy(response.headers.get('retry-after'), name);
  }
  t.is((await api.fetch('/health/ready')).status, 503);
});

test('a database that hangs keeps nobody longer than an answer may take', async (t) => {
  const hung = { ...database(), query: () => new Promise<never>(() => undefined) };
  await using api = await startApi(database(), { limits: { answerMs: 100 }, ports: { database: hung } });
  const asked = [
    api.fetch('/v1/sessions'),
    api.fetch(`/v1/sessions/${newId()}`, { headers: { prefer: 'wait=60' } }),
    api.fetch('/v1/sessions', { json: draft(), headers: { 'idempotency-key': newId(), prefer: 'wait=60' } }),
  ];
  for (const response of await Promise.all(asked)) {
    t.is(response.status, 504);
    t.truthy(response.headers.get('retry-after'));
    t.like(await response.json(), { code: 'no_answer_in_time' });
  }
});

test('without anybody who takes commands an order is refused for now', async (t) => {
  const bus = createInProcessBus();
  const router = createSessionRouter(bus, createInProcessOwnerDirectory());
  await using api = await startApi(database(), { ports: { bus, router } });
  const response = await api.fetch('/v1/sessions', { json: draft() });
  t.is(response.status, 503);
  t.truthy(response.headers.get('retry-after'));
  t.is((await api.fetch('/metrics')).status, 503);
});

test('a stop lets requests that are being answered finish and takes no new ones', async (t) => {
  const api = await startApi(database());
  const { id } = await aRunningSession(api);
  const [asked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await api.database.query(
    `update sessions set state = jsonb_set(state::jsonb, '{attempt,serverId}', '"slow"') where id = $1::uuid`,
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
  t.true(performance.now() - startedAt < 2_500);
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

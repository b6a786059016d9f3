import { quotasChanged } from '@oio/contracts';
import test from 'ava';
import { type Api, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const key = KEYS.operator;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const HOUR = 3_600_000;

async function ask(api: Api, method: string, path: string, json?: unknown) {
  const response = await api.fetch(`/v1/quotas${path}`, { method, key, ...(json !== undefined && { json }) });
  const body = (await response.json()) as { code?: string; violations?: { field: string }[]; quotas?: unknown[] };
  return { status: response.status, body, fields: body.violations?.map(({ field }) => field) };
}

/** Those of a provider; other tests have theirs. */
async function listed(api: Api, wanted: string): Promise<unknown[]> {
  const quotas = (await ask(api, 'GET', '')).body.quotas as { provider: string }[];
  return quotas.filter(({ provider }) => provider === wanted);
}

test('an operator closes a model, sees it and opens it again, and whoever keeps it is told', async (t) => {
  await using api = await startApi(database());
  let told = 0;
  await using stack = new AsyncDisposableStack();
  stack.defer(await api.bus.subscribe([quotasChanged], { handler: () => void (told += 1) }));
  const until = inMs(HOUR);
  const closed = {
    provider: 'known',
    model: 'meta/llama-4:free',
    resetAt: until,
    closedBy: 'operator',
    said: 'Too dear.',
  };
  const path = '/known/meta%2Fllama-4:free';
  t.like(await ask(api, 'PUT', path, { until, reason: 'Too dear.' }), { status: 200, body: closed });
  t.like(await listed(api, 'known'), [closed]);
  t.like(await ask(api, 'DELETE', path), { status: 200, body: closed });
  t.deepEqual(await listed(api, 'known'), []);
  t.like(await ask(api, 'DELETE', path), { status: 404, body: { code: 'quota_not_found' } });
  t.is(told, 2);
});

test('to close what servers take by themselves holds back sessions that name no model, too', async (t) => {
  await using api = await startApi(database());
  const until = inMs(HOUR);
  t.like(await ask(api, 'PUT', '/usual/one', { until }), { status: 200, body: { byDefault: true } });
  t.like(await ask(api, 'PUT', '/usual/other', { until }), { status: 200, body: { byDefault: false } });
  t.like(await listed(api, 'usual'), [
    { model: 'one', byDefault: true },
    { model: 'other', byDefault: false },
  ]);
});

test('what a provider has closed is shown, and opened as well', async (t) => {
  await using api = await startApi(database());
  await database().query(
    `insert into quotas values ('told/x', now() + interval '1 day', false, 'provider', 'Too many.', true, true, now())`,
  );
  const closed = {
    provider: 'told',
    model: 'x',
    closedBy: 'provider',
    said: 'Too many.',
    shortened: true,
    byDefault: true,
  };
  t.like(await listed(api, 'told'), [closed]);
  t.like(await ask(api, 'DELETE', '/told/x'), { status: 200, body: closed });
});

test('a time that is over is none', async (t) => {
  await using api = await startApi(database());
  await database().query(
    `insert into quotas values ('past/x', now() - interval '1 second', false, 'provider', 'Too many.', false, false, now())`,
  );
  t.deepEqual(await listed(api, 'past'), []);
  t.is((await ask(api, 'DELETE', '/past/x')).status, 404);
});

const refused = test.macro(async (t, path: string, body: unknown, ...fields: string[]) => {
  await using api = await startApi(database());
  const answer = await ask(api, 'PUT', path, body);
  t.is(answer.status, 422);
  t.deepEqual(answer.fields, fields);
});
test('a time in the past is refused', refused, '/known/x', { until: inMs(-1) }, 'until');
test('a time in eight days is refused', refused, '/known/x', { until: inMs(8 * 24 * HOUR) }, 'until');
test('a time in ten thousand years is refused', refused, '/known/x', { until: '+012026-01-01T00:00:00Z' }, 'until');
test('no time is refused', refused, '/known/x', {}, 'until');
test('a number is no time', refused, '/known/x', { until: 5 }, 'until');
test('an empty reason is refused', refused, '/known/x', { until: inMs(HOUR), reason: '' }, 'reason');
test('an unknown field is refused', refused, '/known/x', { until: inMs(HOUR), forever: true }, 'forever');
test('a bad name is refused', refused, '/a%20b/x%00', { until: inMs(HOUR) }, 'provider', 'model');

test(
  'a model that no server has is refused: it would be closed for nobody',
  refused,
  '/knwon/x',
  { until: inMs(HOUR) },
  'model',
);
test('everything that is wrong is told at once', refused, '/knwon/x', { until: inMs(-1) }, 'until', 'model');

test('while no server tells which models there are, whoever closes one is believed', async (t) => {
  await using api = await startApi(database());
  t.is((await ask(api, 'PUT', '/unasked/x', { until: inMs(HOUR) })).status, 200);
});

test('a name that is not escaped is no path, and only operators may do this', async (t) => {
  await using api = await startApi(database());
  t.is((await ask(api, 'DELETE', '/router/meta/llama')).status, 404);
  t.is((await api.fetch('/v1/quotas', { key: KEYS.alice })).status, 403);
});

import { gzipSync } from 'node:zlib';
import type { Problem } from '@oio/contracts';
import { openDatabase } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import test from 'ava';
import { aSession } from './support/a-session.ts';
import { draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const JSON_TYPE = { 'content-type': 'application/json' };

interface Case {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
}

const NESTED = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

const BODIES: Readonly<Record<string, Case>> = {
  'invalid JSON': { body: '{"title":', status: 400, code: 'malformed_json' },
  'an empty text as JSON': { body: ' ', status: 400, code: 'malformed_json' },
  'no content type': { body: '{}', headers: { 'content-type': '' }, status: 415, code: 'unsupported_media_type' },
  'a form': {
    body: 'title=x',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'unsupported_media_type',
  },
  'another charset': {
    body: '{}',
    headers: { 'content-type': 'application/json; charset=utf-16' },
    status: 415,
    code: 'unsupported_media_type',
  },
  'a compressed bomb': {
    body: new Uint8Array(gzipSync(Buffer.alloc(50_000_000, ' '))),
    headers: { 'content-encoding': 'gzip' },
    status: 415,
    code: 'unsupported_media_type',
  },
  'more than 256 KiB': {
    body: JSON.stringify(draft({ prompt: 'x'.repeat(300_000) })),
    status: 413,
    code: 'body_too_large',
  },
  'invalid UTF-8': { body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]), status: 400, code: 'invalid_utf8' },
  'absurd nesting': { body: `{"metadata":${NESTED}}`, status: 422, code: 'invalid' },
  'absurd nesting inside an object': { body: `{"metadata":{"a":${NESTED}}}`, status: 422, code: 'invalid' },
  'a list instead of an object': { body: '[]', status: 422, code: 'invalid' },
  null: { body: 'null', status: 422, code: 'invalid' },
  'a __proto__ key': { body: '{"__proto__":{"start":false}}', status: 422, code: 'invalid' },
  'a constructor key deep inside': {
    body: JSON.stringify(draft({ metadata: { a: [{ constructor: 1 }] } })),
    status: 422,
    code: 'invalid',
  },
  'a number out of range': {
    body: '{"title":"Do it","prompt":"x","maxDurationSeconds":1e999}',
    status: 422,
    code: 'invalid',
  },
};

for (const [what, { body, headers, status, code }] of Object.entries(BODIES)) {
  test(`a body of ${what} is refused with ${status} ${code}`, async (t) => {
    await using api = await startApi(database());
    const response = await api.fetch('/v1/sessions', { method: 'POST', body, headers: { ...JSON_TYPE, ...headers } });
    t.is(response.status, status);
    t.is(response.headers.get('content-type'), 'application/problem+json');
    const problem = (await response.json()) as Problem;
    t.is(problem.code, code);
    t.deepEqual(api.actor.received, []);
  });
}

test('a body that is no object is refused by saying so', async (t) => {
  await using api = await startApi(database());
  for (const [json, came] of [
    [[], 'a list'],
    ['x', 'a string'],
    [5, 'a number'],
  ] as const) {
    const response = await api.fetch('/v1/sessions', {
      method: 'POST',
      body: JSON.stringify(json),
      headers: JSON_TYPE,
    });
    const { violations } = (await response.json()) as Problem;
    t.deepEqual(violations, [
      { field: '', code: 'invalid_type', message: `The body must be a JSON object; ${came} came.` },
    ]);
  }
});

test('characters that the store cannot hold are refused wherever they stand', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const bodies: [string, string][] = [
    ['/v1/sessions', '{"title":"a\\u0000b","prompt":"x"}'],
    ['/v1/sessions', '{"title":"Do it","prompt":"\\ud800"}'],
    ['/v1/sessions', '{"title":"Do it","prompt":"x","metadata":{"a\\u0000":1}}'],
    ['/v1/sessions', '{"title":"Do it","prompt":"x","agentConfig":{"a":{"tools":{"\\udfff":true}}}}'],
    [`/v1/sessions/${id}/checkpoint`, '{"data":{"deep":["\\u0000"]}}'],
    [`/v1/sessions/${id}/cancel`, '{"reason":"\\ud800"}'],
  ];
  for (const [path, body] of bodies) {
    const response = await api.fetch(path, { method: 'POST', body, headers: JSON_TYPE });
    t.is(response.status, 422, body);
    t.true((((await response.json()) as Problem).violations ?? []).length > 0, body);
  }
  t.is((await api.fetch('/v1/sessions?tag=%00')).status, 422);
});

test('every violated field is named at once: those of the contract and those of the place', async (t) => {
  await using api = await startApi(database());
  const response = await api.fetch('/v1/sessions', {
    json: {
      title: 'Untitled',
      prompt: 'x'.repeat(10_001),
      colour: 'red',
      directory: '/srv/missing',
      model: 'foreign/model',
      agentConfig: { 'bad name': {}, good: { model: 'foreign/other' } },
      tenant: 'globex',
      status: 'completed',
    },
  });
  t.is(response.status, 422);
  const { violations = [] } = (await response.json()) as Problem;
  t.deepEqual(violations.map(({ field }) => field).sort(), [
    'agentConfig.bad name',
    'agentConfig.good.model',
    'colour',
    'directory',
    'model',
    'prompt',
    'status',
    'tenant',
    'title',
  ]);
  t.deepEqual(api.actor.received, []);
});

test('what only the place forbids is refused by the session-actor, and nothing is stored', async (t) => {
  await using api = await startApi(database());
  const response = await api.fetch('/v1/sessions', {
    json: draft({ directory: '/srv/missing', model: 'foreign/model' }),
  });
  t.is(response.status, 422);
  t.deepEqual(((await response.json()) as Problem).violations?.map(({ field }) => field).sort(), [
    'directory',
    'model',
  ]);
});

for (const field of ['tenant', 'owner', 'epoch', 'version', 'status', 'createdBy', 'checkpoints', 'metrics']) {
  test(`a client cannot set ${field}`, async (t) => {
    await using api = await startApi(database());
    const response = await api.fetch('/v1/sessions', { json: draft({ [field]: 'x' }) });
    t.is(response.status, 422);
    t.like(await response.json(), { violations: [{ field, code: 'unknown_field' }] });
  });
}

test('long input is not sent back', async (t) => {
  await using api = await startApi(database());
  const long = 'y'.repeat(100_000);
  for (const body of [
    draft({ [long]: 1 }),
    draft({ title: long }),
    draft({ model: long }),
    draft({ agentConfig: { [`${long} `]: {} } }),
  ]) {
    const response = await api.fetch('/v1/sessions', { json: body });
    t.is(response.status, 422);
    t.true((await response.text()).length < 2_000);
  }
});

test('thousands of violations are told as the first hundred and how many more', async (t) => {
  await using api = await startApi(database());
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1]));
  const response = await api.fetch('/v1/sessions', { json: draft(many) });
  const { violations = [] } = (await response.json()) as Problem;
  t.is(violations.length, 101);
  t.is(violations.at(-1)?.message, '4,900 further rules are broken.');
});

test('wrong parameters are refused with their names', async (t) => {
  await using api = await startApi(database());
  const cases: [string, string][] = [
    ['/v1/sessions?limit=0', 'limit'],
    ['/v1/sessions?limit=201', 'limit'],
    ['/v1/sessions?limit=1&limit=2', 'limit'],
    ['/v1/sessions?status=flying', 'status.0'],
    ['/v1/sessions?colour=red', 'colour'],
    ['/v1/sessions?__proto__=1', '__proto__'],
    ['/v1/sessions/019aa0e0-0000-7000-8000-000000000000?colour=red', 'colour'],
    ['/v1/sessions/not-an-id', 'id'],
    ['/v1/sessions/*.%3E', 'id'],
    ['/v1/sessions/%ZZ', 'id'],
    ['/v1/sessions/019aa0e0-0000-7000-8000-000000000000/events?after=-1', 'after'],
    ['/v1/sessions/019aa0e0-0000-7000-8000-000000000000/stream?after=x', 'after'],
  ];
  for (const [path, field] of cases) {
    const response = await api.fetch(path);
    t.is(response.status, 422, path);
    t.is(((await response.json()) as Problem).violations?.[0]?.field, field, path);
  }
});

test('a body where none is taken is refused, and an empty one is not', async (t) => {
  await using api = await startApi(database());
  const accept = (json: unknown) => api.fetch('/v1/servers/unknown/accept', { key: KEYS.operator, json });
  t.is((await accept({})).status, 404, 'there is no such server');
  const response = await accept({ capacity: 5 });
  t.is(response.status, 422);
  t.is(((await response.json()) as Problem).violations?.[0]?.field, 'capacity');
});

test('an unknown path is 404; a wrong method is 405 and says what the path takes', async (t) => {
  await using api = await startApi(database());
  for (const path of ['/', '/v1', '/v1/sessions/', '/V1/sessions', '/v1/sessions/x/y/z', '//v1/sessions']) {
    const response = await api.fetch(path);
    t.is(response.status, 404, path);
    t.like(await response.json(), { code: 'no_such_route' });
  }
  const response = await api.fetch('/v1/sessions', { method: 'PATCH' });
  t.is(response.status, 405);
  t.is(response.headers.get('allow'), 'GET, HEAD, POST');
});

test('no answer tells of the inside: a bug is 500 with a correlation id and nothing else', async (t) => {
  await using api = await startApi(database(), {
    ports: {
      database: {
        ...database(),
        query: () => Promise.reject(Object.assign(new Error('secret table'), { code: '42P01' })),
      },
    },
  });
  const response = await api.fetch('/v1/sessions', { headers: { 'x-correlation-id': 'abc' } });
  t.is(response.status, 500);
  const text = await response.text();
  t.notRegex(text, /secret|stack|at /);
  t.like(JSON.parse(text), { code: 'internal', correlationId: 'abc' });
  t.true(api.log.some((line) => line.includes('secret table')));
});

test('a database that cannot be asked is 503 with Retry-After', async (t) => {
  await using own = await openTestDatabase();
  const gone = await openDatabase(own.url);
  await gone[Symbol.asyncDispose]();
  await using api = await startApi(database(), { ports: { database: gone } });
  const response = await api.fetch('/v1/sessions');
  t.is(response.status, 503);
  t.truthy(response.headers.get('retry-after'));
  t.like(await response.json(), { code: 'database_unavailable' });
});

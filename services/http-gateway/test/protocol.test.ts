import type { SessionView } from '@oio/contracts';
import test from 'ava';
import { rawHttp, statusOf } from './support/raw-http.ts';
import { draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const HEAD = `Host: localhost\r\nAuthorization: Bearer ${KEYS.alice}\r\nConnection: close\r\n`;

const REFUSED: Readonly<Record<string, { request: string; status: number }>> = {
  'both lengths': {
    request: `POST /v1/sessions HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  'two different lengths': {
    request: `POST /v1/sessions HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    status: 400,
  },
  'a length that is no number': {
    request: `POST /v1/sessions HTTP/1.1\r\n${HEAD}Content-Length: -1\r\n\r\n`,
    status: 400,
  },
  'oversized headers': { request: `GET /v1/sessions HTTP/1.1\r\n${HEAD}X: ${'y'.repeat(20_000)}\r\n\r\n`, status: 431 },
  'an unknown method': { request: `FLY /v1/sessions HTTP/1.1\r\n${HEAD}\r\n`, status: 400 },
  'no HTTP at all': { request: '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n', status: 400 },
  'no Host': { request: `GET /v1/sessions HTTP/1.1\r\nConnection: close\r\n\r\n`, status: 400 },
  'a chunk that lies about its length': {
    request: `POST /v1/sessions HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    status: 400,
  },
};

for (const [what, { request, status }] of Object.entries(REFUSED)) {
  test(`${what} is refused with ${status} and the connection closed`, async (t) => {
    await using api = await startApi(database());
    const answer = await rawHttp(api.url, request);
    t.is(statusOf(answer), status, answer);
    t.notRegex(answer, /node:|\.ts/);
    // Node itself refuses a request without a Host, and says nothing more.
    if (what !== 'no Host') t.regex(answer, /application\/problem\+json[^]*"code":"(bad_request|headers_too_large)"/);
  });
}

test('headers that do not come to an end are cut off in time', async (t) => {
  await using api = await startApi(database(), { limits: { requestTimeoutMs: 300 } });
  const startedAt = performance.now();
  t.is(statusOf(await rawHttp(api.url, 'GET /v1/sessions HTTP/1.1\r\nHost: localhost\r\n', { drip: 'X: y\r\n' })), 408);
  t.true(performance.now() - startedAt < 5_000);
});

test('a body that does not come to an end is cut off in time', async (t) => {
  await using api = await startApi(database(), { limits: { requestTimeoutMs: 300 } });
  const startedAt = performance.now();
  const answer = await rawHttp(
    api.url,
    `POST /v1/sessions HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`,
    { drip: ' ' },
  );
  t.true([400, 408].includes(statusOf(answer)), answer);
  t.true(performance.now() - startedAt < 5_000);
});

test('by default slow requests are closed within ten seconds', async (t) => {
  const { LIMITS } = await import('../src/index.ts');
  t.true(LIMITS.requestTimeoutMs + 1_000 < 10_000);
});

test('a name that is not the API’s own is refused, whatever it resolves to', async (t) => {
  await using api = await startApi(database(), { environment: { API_ALLOWED_HOSTS: 'oio.example, other.example' } });
  const ask = async (host: string) =>
    statusOf(await rawHttp(api.url, `GET /health/live HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '128.0.0.1',
    'oio.example.evil',
    'x y',
    '@localhost',
  ])
    t.is(await ask(host), 421, host);
  for (const host of [
    'localhost',
    'LOCALHOST:8000',
    '127.0.0.1:1',
    '127.9.9.9',
    '[::1]:8000',
    'oio.example',
    'other.example:443',
  ])
    t.is(await ask(host), 200, host);
});

test('a request with two names is refused, whichever comes first', async (t) => {
  await using api = await startApi(database());
  for (const hosts of [
    'Host: localhost\r\nHost: evil.example',
    'host: evil.example\r\nHOST: localhost',
    'Host: localhost\r\nHost: localhost',
  ]) {
    const answer = await rawHttp(api.url, `GET /health/live HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`);
    t.is(statusOf(answer), 400, hosts);
    t.regex(answer, /"code":"bad_request"/);
  }
});

test('answers carry the security headers and allow no other origin; nothing tells a browser to leave plain HTTP', async (t) => {
  await using api = await startApi(database());
  const { headers } = await api.fetch('/v1/sessions', { headers: { origin: 'https://evil.example' } });
  t.is(headers.get('x-content-type-options'), 'nosniff');
  t.is(headers.get('x-frame-options'), 'SAMEORIGIN');
  t.is(headers.get('content-security-policy'), "default-src 'none';frame-ancestors 'none'");
  t.is(headers.get('cross-origin-resource-policy'), 'same-origin');
  t.is(headers.get('cache-control'), 'no-store');
  for (const absent of ['strict-transport-security', 'access-control-allow-origin', 'x-powered-by'])
    t.is(headers.get(absent), null, absent);
});

test('a sane correlation id is taken over, any other is replaced', async (t) => {
  await using api = await startApi(database());
  const ask = async (id: string) =>
    (await api.fetch('/health/live', { headers: { 'x-correlation-id': id } })).headers.get('x-correlation-id');
  t.is(await ask('trace-1.a_B'), 'trace-1.a_B');
  for (const odd of ['x'.repeat(129), 'a b', '<script>', '']) t.regex((await ask(odd)) ?? '', /^[0-9a-f-]{36}$/);
});

function linesAbout({ log }: { readonly log: readonly string[] }, correlationId: string) {
  return log.filter((line) => line.includes(correlationId)).map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('each request leaves one line in the log', async (t) => {
  await using api = await startApi(database());
  await api.fetch('/v1/sessions?tag=private', { headers: { 'x-correlation-id': 'log-1' } });
  const lines = linesAbout(api, 'log-1');
  t.is(lines.length, 1);
  t.like(lines[0], {
    msg: 'request',
    route: 'listSessions',
    method: 'GET',
    status: 200,
    tenant: 'acme',
    principal: 'alice',
    correlationId: 'log-1',
  });
  t.false(JSON.stringify(lines).includes('private'));
});

test('the line in the log names the session that was asked for or made, and takes nothing else for one', async (t) => {
  await using api = await startApi(database());
  const headers = { 'x-correlation-id': 'log-2' };
  const response = await api.fetch('/v1/sessions', { json: draft(), headers });
  const { id } = (await response.json()) as SessionView;
  await api.fetch(`/v1/sessions/${id}`, { headers });
  await api.fetch(`/v1/schedules/${id}`, { headers });
  t.deepEqual(
    linesAbout(api, 'log-2').map(({ route, sessionId }) => [route, sessionId]),
    [
      ['createSession', id],
      ['getSession', id],
      ['getSchedule', null],
    ],
  );
});

import type { ServerResponse } from 'node:http';
import { AppError } from '@oio/errors';
import test, { type ExecutionContext } from 'ava';
import { z } from 'zod';
import { OpencodeHttp, type OpencodeHttpOptions } from '../../src/adapters/opencode-http.ts';
import { eventually } from '@oio/runtime/testing';
import { sendJson, startHttpServer } from '../support/http-server.ts';

const schema = z.object({ ok: z.boolean() });
const quick = { firstDelayMs: 1, maxDelayMs: 2 };
const call = { path: '/thing', schema };

function clientOf(url: string, options: Partial<OpencodeHttpOptions> = {}): OpencodeHttp {
  return new OpencodeHttp({ url, password: 'secret', resilience: quick, ...options });
}

async function refusalOf(t: ExecutionContext, asked: Promise<unknown>): Promise<AppError> {
  const error: unknown = await t.throwsAsync(asked);
  if (error instanceof AppError) return error;
  throw error;
}

const isRefused = test.macro(
  async (t, answer: (response: ServerResponse) => void, expected: { code: string; tries?: number; says?: RegExp }) => {
    await using server = await startHttpServer((_request, response) => answer(response));
    // On a busy machine an answer may take its time; only one that is to be waited for in vain comes too late.
    await using http = clientOf(server.url, { readTimeoutMs: expected.code === 'timeout' ? 300 : 20_000 });
    const error = await refusalOf(t, http.get({ ...call, maxBytes: 10_000 }));
    t.is(error.code, expected.code);
    t.is(server.requests.length, expected.tries ?? 1);
    if (expected.says) t.regex(error.message, expected.says);
    t.notRegex(JSON.stringify([error.message, error.facts]), /secret/);
  },
);

test('a wrong password is refused credentials', isRefused, (response) => response.writeHead(401).end(), {
  code: 'refused_credentials',
});
test(
  'something unknown is not found, with the reason',
  isRefused,
  (response) => sendJson(response, { name: 'NotFoundError', data: { message: 'Session not found: ses_1' } }, 404),
  { code: 'not_found', says: /Session not found: ses_1/ },
);
test(
  'a request that is refused is a bad request, with the reason',
  isRefused,
  (response) => sendJson(response, { name: 'BadRequest', data: { message: 'title: too long' } }, 400),
  { code: 'bad_request', says: /title: too long/ },
);
test('a busy session is a conflict', isRefused, (response) => sendJson(response, { _tag: 'SessionBusyError' }, 409), {
  code: 'session_busy',
});
test('a read is tried three times when the server fails', isRefused, (response) => response.writeHead(500).end(), {
  code: 'server_error',
  tries: 3,
});
test(
  'a web page is no answer',
  isRefused,
  (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  {
    code: 'server_error',
    tries: 3,
    says: /text\/html/,
  },
);
test(
  'something that only claims to be JSON is no answer',
  isRefused,
  (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":'),
  { code: 'server_error', tries: 3 },
);
test('JSON of another form is no answer', isRefused, (response) => sendJson(response, { fine: 1 }), {
  code: 'server_error',
  tries: 3,
  says: /unknown form/,
});
test(
  'an empty answer is no answer',
  isRefused,
  (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(),
  {
    code: 'server_error',
    tries: 3,
  },
);
test('an endless body is cut off', isRefused, pourOut, {
  code: 'server_error',
  tries: 3,
  says: /more than 10000 bytes/,
});
test('a body that comes byte by byte does not outlive the deadline', isRefused, trickle, { code: 'timeout', tries: 3 });
test('an answer that never comes is a time-out', isRefused, () => undefined, { code: 'timeout', tries: 3 });
test('a connection cut in the middle of an answer is a lost connection', isRefused, cutOff, {
  code: 'connection',
  tries: 3,
});

test('large answers are read one at a time, and small ones wait for none of them', async (t) => {
  const begun: ServerResponse[] = [];
  await using server = await startHttpServer(({ url }, response) => {
    if (url === '/small') return sendJson(response, { ok: true });
    // More than lies in the buffers of a connection that nobody reads from.
    response.writeHead(200, { 'content-type': 'application/json' }).write(' '.repeat(32 * 2 ** 20));
    begun.push(response);
  });
  await using http = clientOf(server.url);
  const ended: string[] = [];
  const read = (path: string) => http.get({ path, schema, maxBytes: 2 ** 26 }).then(() => ended.push(path));
  const first = read('/first');
  await eventually(() => begun[0]?.writableLength === 0, { what: 'the first to be read' });
  const second = read('/second');
  await eventually(() => begun[1]?.end('{"ok":true}'), { what: 'the second to begin' });
  for (let times = 0; times < 50; times += 1) await http.get({ path: '/small', schema });
  begun[0]?.end('{"ok":true}');
  await Promise.all([first, second]);
  t.deepEqual(ended, ['/first', '/second']);
});

test('a server that is not there is a lost connection', async (t) => {
  const server = await startHttpServer(() => undefined);
  await server[Symbol.asyncDispose]();
  await using http = clientOf(server.url);
  t.is((await refusalOf(t, http.get(call))).code, 'connection');
});

test('being asked to slow down says for how long', async (t) => {
  await using server = await startHttpServer((_request, response) =>
    sendJson(response, {}, 429, { 'retry-after': '7' }),
  );
  await using http = clientOf(server.url);
  t.like(await refusalOf(t, http.post(call)), { code: 'rate_limited', retryAfterMs: 7000 });
  t.like(await refusalOf(t, http.get(call)), { code: 'rate_limited', retryAfterMs: 7000 });
  t.is(server.requests.length, 2, 'a read is not repeated at once either');
});

test('a read that works at the third try is answered', async (t) => {
  await using server = await startHttpServer((_request, response) => {
    if (server.requests.length < 3) response.writeHead(503).end();
    else sendJson(response, { ok: true });
  });
  await using http = clientOf(server.url);
  t.deepEqual(await http.get(call), { ok: true });
});

test('a change is said once, whatever comes of it', async (t) => {
  await using server = await startHttpServer((request) => request.socket.destroy());
  await using http = clientOf(server.url);
  t.is((await refusalOf(t, http.post({ ...call, body: { text: 'do it' } }))).code, 'connection');
  t.is(server.requests.length, 1);
});

test('requests carry the password, the directory and the query', async (t) => {
  const seen: (string | undefined)[] = [];
  await using server = await startHttpServer((request, response) => {
    seen.push(request.url, request.headers.authorization);
    sendJson(response, { ok: true });
  });
  await using http = clientOf(server.url);
  await http.get({ ...call, directory: '/a b/ü', query: { limit: '5' } });
  t.deepEqual(seen, ['/thing?limit=5&directory=%2Fa+b%2F%C3%BC', `Basic ${btoa('opencode:secret')}`]);
});

test('a caller that gives up is not kept waiting', async (t) => {
  await using server = await startHttpServer(() => undefined);
  await using http = clientOf(server.url);
  const giveUp = new AbortController();
  const asked = http.get({ ...call, signal: giveUp.signal });
  await eventually(() => server.requests.length > 0);
  giveUp.abort();
  t.is((await refusalOf(t, asked)).code, 'cancelled');
});

test('after too many failures the server is left alone, then tried, then trusted after three successes', async (t) => {
  let works = false;
  await using server = await startHttpServer((_request, response) => {
    if (works) sendJson(response, { ok: true });
    else response.writeHead(500).end();
  });
  await using http = clientOf(server.url, {
    resilience: { ...quick, tries: 1, failuresToOpen: 10, halfOpenAfterMs: 200 },
  });
  for (let n = 0; n < 10; n += 1) t.is((await refusalOf(t, http.post(call))).code, 'server_error');
  t.like(await refusalOf(t, http.get(call)), { code: 'circuit_open', retryAfterMs: 200, retryable: true });
  t.is(server.requests.length, 10);

  works = true;
  t.deepEqual(await http.control('GET', call), { ok: true }, 'health and stopping go through an open circuit');
  await eventually(() => http.get(call).catch(() => null), { what: 'the half-open circuit' });
  t.is(http.resilience.circuit, 'half_open');
  await http.get(call);
  await http.get(call);
  t.is(http.resilience.circuit, 'closed');
});

test('a server that was away is trusted as soon as it answers again; one that fails is left alone for its time', async (t) => {
  let isAway = true;
  await using server = await startHttpServer((request, response) => {
    if (isAway) request.destroy();
    else response.writeHead(500).end();
  });
  await using http = clientOf(server.url, {
    resilience: { ...quick, tries: 1, failuresToOpen: 10, halfOpenAfterMs: 3_600_000 },
  });
  for (let n = 0; n < 10; n += 1) t.is((await refusalOf(t, http.post(call))).code, 'connection');
  t.is((await refusalOf(t, http.post(call))).code, 'circuit_open');

  isAway = false;
  http.resilience.answered();
  t.is(http.resilience.circuit, 'closed');
  for (let n = 0; n < 10; n += 1) await refusalOf(t, http.post(call));
  http.resilience.answered();
  t.is((await refusalOf(t, http.post(call))).code, 'circuit_open');
});

test('refusals of requests do not open the circuit', async (t) => {
  await using server = await startHttpServer((_request, response) => sendJson(response, {}, 404));
  await using http = clientOf(server.url);
  for (let n = 0; n < 15; n += 1) await refusalOf(t, http.get(call));
  t.is(http.resilience.circuit, 'closed');
});

function pourOut(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const more = () => {
    while (!response.destroyed && response.write('x'.repeat(4096)));
  };
  response.on('drain', more);
  response.on('error', () => undefined);
  more();
}

function trickle(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}

function cutOff(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"ok":', () => response.socket?.destroy());
}

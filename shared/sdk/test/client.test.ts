import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AppError, CancelledError, InternalError, TimeoutError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { createClient } from '../src/index.ts';

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** A server that answers as it is told: the first request by the first function, and so on; the last one stays. */
async function serve(...answers: ((response: ServerResponse) => void)[]): Promise<Server> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)];
    requests.push(request);
    request.resume();
    request.on('end', () => answer?.(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const live = (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"live"}');
const refuse =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);
const unavailable = refuse(
  503,
  JSON.stringify({ type: 'about:blank', title: 'x', status: 503, code: 'overloaded', detail: 'Too much.' }),
);
const cut = (response: ServerResponse) => void response.destroy();

test('a call is tried again while the server is unavailable or the connection breaks, and an order keeps its key', async (t) => {
  const cutInMid = (response: ServerResponse) =>
    void response.writeHead(200, { 'content-length': '100' }).write('{"stat', () => response.destroy());
  await using server = await serve(unavailable, cut, cutInMid, refuse(504, ''), live);
  await using client = createClient({ url: server.url });
  t.is((await client.live()).status, 'live');
  t.is(server.requests.length, 5);

  await using orders = await serve(unavailable, cut, refuse(422, ''));
  await using second = createClient({ url: orders.url });
  await t.throwsAsync(second.createSession({ title: 'Do it', prompt: 'x' }));
  t.is(new Set(orders.requests.map(({ headers }) => headers['idempotency-key'])).size, 1);
  t.truthy(orders.requests[0]?.headers['idempotency-key']);
});

test('trying again is bounded', async (t) => {
  await using server = await serve(unavailable);
  await using client = createClient({ url: server.url, retryForMs: 2_000 });
  const error = await t.throwsAsync<AppError>(client.live(), { instanceOf: UnavailableError, code: 'overloaded' });
  t.is(error?.message, 'Too much.');
  t.true(server.requests.length > 1);
  t.true(server.requests.length < 10);
});

test('the server is not asked again before it wants to be', async (t) => {
  await using server = await serve(refuse(503, '', { 'retry-after': '60' }));
  await using client = createClient({ url: server.url });
  const error = await t.throwsAsync<AppError>(client.live(), { instanceOf: UnavailableError, code: 'http_503' });
  t.is(error?.retryAfterMs, 60_000);
  t.is(server.requests.length, 1);
});

test('nobody there is told in words', async (t) => {
  const server = await serve(live);
  await server[Symbol.asyncDispose]();
  await using client = createClient({ url: server.url, retryForMs: 0 });
  await t.throwsAsync(client.live(), {
    instanceOf: UnavailableError,
    message: new RegExp(`${server.url} cannot be reached`),
    code: 'unreachable',
  });
});

test('what helps never is not tried again; answers that are no problem documents are still errors', async (t) => {
  await using server = await serve(refuse(400, '<html>'), refuse(500, '{"a":1}'), refuse(504, 'x'));
  await using client = createClient({ url: server.url, retryForMs: 0 });
  await t.throwsAsync(client.live(), { code: 'http_400' });
  await t.throwsAsync(client.live(), { instanceOf: InternalError });
  await t.throwsAsync(client.live(), { instanceOf: TimeoutError });
  t.is(server.requests.length, 3);
});

test('an answer of another shape than the contract says is an error, not a value', async (t) => {
  await using server = await serve(refuse(200, '{"status":"odd"}'), refuse(200, '<html>'));
  await using client = createClient({ url: server.url });
  await t.throwsAsync(client.live(), { instanceOf: InternalError });
  await t.throwsAsync(client.live(), { instanceOf: InternalError });
});

test('a call can be given up', async (t) => {
  await using server = await serve(() => {});
  await using client = createClient({ url: server.url });
  const controller = new AbortController();
  const call = client.live({ signal: controller.signal });
  controller.abort();
  await t.throwsAsync(call, { instanceOf: CancelledError });
});

test('a stream resumes after the last event that came, over broken connections and outages', async (t) => {
  const event = (seq: number) =>
    `id: ${seq}\nevent: history\ndata: ${JSON.stringify({ sessionId: 's', tenant: 't', seq, commandId: null, epoch: 1, cause: { kind: 'system', id: 'x' }, at: '2026-01-01T00:00:00.000Z', type: seq === 3 ? 'session.deleted' : 'session.queued', data: {} })}\n\n`;
  const stream = (text: string, end: (response: ServerResponse) => void) => (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text, () => end(response));
  };
  await using server = await serve(
    stream(`: heartbeat\n\n${event(1)}id: 2\nevent: hist`, (response) => response.destroy()),
    unavailable,
    stream('event: later\ndata: {}\n\n', (response) => response.end()),
    stream(event(2) + event(3), () => {}),
  );
  await using client = createClient({ url: server.url });
  const seqs: number[] = [];
  for await (const message of client.stream('s')) if (message.kind === 'history') seqs.push(message.event.seq);
  t.deepEqual(seqs, [1, 2, 3]);
  t.deepEqual(
    server.requests.map(({ headers }) => headers['last-event-id']),
    ['0', '1', '1', '1'],
  );
});

import type { ServerResponse } from 'node:http';
import test from 'ava';
import { EventBuffer } from '../../src/adapters/event-buffer.ts';
import { type EventStreamOptions, OpencodeEventStream } from '../../src/adapters/opencode-event-stream.ts';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { OpencodeHttp } from '../../src/adapters/opencode-http.ts';
import type { AgentEvent } from '../../src/agent-server/events.ts';
import { eventually } from '@oio/runtime/testing';
import { sendJson, startHttpServer } from '../support/http-server.ts';

test('a reader is told to read the truth as soon as the stream is open', async (t) => {
  await using setup = await startStream((response) => send(response, CONNECTED));
  t.deepEqual(await take(setup.stream.read(), 1), [{ type: 'resync', reason: 'connected' }]);
  t.deepEqual(await take(setup.stream.read(), 1), [{ type: 'resync', reason: 'connected' }], 'a later reader too');
  t.is(setup.connections(), 1);
});

test('it is opened with the first session, so that what becomes of its first prompt is heard', async (t) => {
  await using server = await startHttpServer(({ url }, response) => {
    if (url?.startsWith('/global/event')) send(response, CONNECTED);
    else sendJson(response, { id: 'ses_1', title: 'First', directory: '/w', time: { created: 1 } });
  });
  await using agent = new OpencodeAgentServer({ url: server.url, password: 'secret' });
  t.is(agent.hearing(), null);
  await agent.createSession({ directory: '/w', title: 'First' });
  await eventually(() => agent.hearing());
  t.is(server.requests.length, 2);
});

test('frames become events of their session', async (t) => {
  await using setup = await startStream((response) => {
    send(response, CONNECTED, busy('ses_1'));
    send(
      response,
      frame('message.part.delta', { sessionID: 'ses_1', messageID: 'm', partID: 'p', field: 'text', delta: 'hi' }),
    );
    send(response, frame('session.created', { info: { id: 'ses_2', parentID: 'ses_1', directory: '/w' } }));
    send(
      response,
      frame('permission.asked', { id: 'per_1', sessionID: 'ses_1', permission: 'bash', patterns: ['rm *'] }),
    );
    send(
      response,
      frame('session.status', { sessionID: 'ses_1', status: { type: 'retry', attempt: 1, message: 'slow', next: 9 } }),
    );
  });
  t.deepEqual((await take(setup.stream.read(), 6)).slice(1), [
    { type: 'activity', sessionId: 'ses_1', activity: { type: 'busy' } },
    { type: 'delta', kind: 'text', sessionId: 'ses_1', messageId: 'm', partId: 'p', text: 'hi' },
    { type: 'session_created', sessionId: 'ses_2', parentId: 'ses_1', directory: '/w' },
    {
      type: 'permission_asked',
      sessionId: 'ses_1',
      request: {
        requestId: 'per_1',
        sessionId: 'ses_1',
        directory: '/w',
        permission: 'bash',
        patterns: ['rm *'],
        command: null,
        file: null,
        diff: null,
      },
    },
    { type: 'activity', sessionId: 'ses_1', activity: { type: 'retry', attempt: 1, message: 'slow', nextAtMs: 9 } },
  ]);
});

test('frames that nobody understands are passed over', async (t) => {
  await using setup = await startStream((response) => {
    send(response, CONNECTED);
    response.write('data: {"half":\n\ndata: 5\n\n: comment\n\nevent: x\ndata: null\n\n');
    send(
      response,
      frame('session.status', { sessionID: 7 }),
      frame('toString', {}),
      frame('novel.thing', {}),
      busy('ses_1'),
    );
  });
  t.deepEqual((await take(setup.stream.read(), 2)).at(1), {
    type: 'activity',
    sessionId: 'ses_1',
    activity: { type: 'busy' },
  });
});

test('each reader gets what it asked for, and the resync in any case', async (t) => {
  await using setup = await startStream((response) => send(response, CONNECTED, busy('ses_1'), busy('ses_2')));
  const filter = (event: AgentEvent) => 'sessionId' in event && event.sessionId === 'ses_2';
  const [first, second] = await take(setup.stream.read({ filter }), 2);
  t.is(first?.type, 'resync');
  t.like(second, { sessionId: 'ses_2' });
});

test('a stream that ends is opened again, with a resync', async (t) => {
  await using setup = await startStream((response, connection) => {
    send(response, CONNECTED);
    if (connection === 1) response.end();
  });
  t.deepEqual(typesOf(await take(setup.stream.read(), 3)), ['resync', 'disconnected', 'resync']);
});

test('a stream that falls silent is opened again', async (t) => {
  await using setup = await startStream(
    (response, connection) => {
      if (connection > 1) return send(response, CONNECTED);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      // Bytes without an event are silence too.
      const timer = setInterval(() => response.write(':\n'), 20);
      response.on('close', () => clearInterval(timer));
    },
    { silenceMs: 1000 },
  );
  const [first, second] = await take(setup.stream.read(), 2);
  t.true(first?.type === 'disconnected' && /fell silent/.test(first.error.message));
  t.is(second?.type, 'resync');
});

test('a stream with heartbeats stays open, however little happens', async (t) => {
  let beats = 0;
  await using setup = await startStream(
    (response) => {
      send(response, CONNECTED);
      const timer = setInterval(() => {
        beats += 1;
        send(response, { payload: { id: 'evt_2', type: 'server.heartbeat', properties: {} } });
      }, 50);
      response.on('close', () => clearInterval(timer));
    },
    { silenceMs: 1000 },
  );
  setup.stream.read();
  await eventually(() => beats > 30);
  t.is(setup.connections(), 1);
});

test('a stream that is refused is asked for again', async (t) => {
  await using setup = await startStream((response, connection) => {
    if (connection < 3) response.writeHead(401).end();
    else send(response, CONNECTED);
  });
  t.deepEqual(typesOf(await take(setup.stream.read(), 3)), ['disconnected', 'disconnected', 'resync']);
});

test('an event without end does not fill the memory', async (t) => {
  await using setup = await startStream(
    (response, connection) => {
      send(response, CONNECTED);
      if (connection === 1) response.write(`data: ${'x'.repeat(10_000)}`);
    },
    { maxEventLength: 5000 },
  );
  t.deepEqual(typesOf(await take(setup.stream.read(), 3)), ['resync', 'disconnected', 'resync']);
});

test('reading ends with the signal, and nothing of the reader stays behind', async (t) => {
  await using setup = await startStream((response) => send(response, CONNECTED));
  const stop = new AbortController();
  const events = setup.stream.read({ signal: stop.signal });
  const all = take(events, 10);
  await eventually(() => setup.connections() === 1);
  stop.abort();
  t.true((await all).length <= 1);
  t.deepEqual(await take(setup.stream.read({ signal: stop.signal }), 1), [], 'a signal that has aborted already');
});

test('a reader that does not read loses events, is told so, and goes on', async (t) => {
  const buffer = new EventBuffer(() => undefined, { capacity: 10 });
  for (let n = 0; n < 1000; n += 1)
    buffer.push({ type: 'activity', sessionId: `ses_${n}`, activity: { type: 'busy' } });
  buffer.close();
  const events = await take(buffer, 1000);
  t.deepEqual(events[0], { type: 'resync', reason: 'slow_reader' });
  t.true(events.length <= 10);
  t.like(events.at(-1), { sessionId: 'ses_999' });
});

test('waiting deltas of one part become one, up to a limit', async (t) => {
  const buffer = new EventBuffer(() => undefined, { maxDeltaLength: 10 });
  const delta = (partId: string, text: string) =>
    buffer.push({ type: 'delta', kind: 'text', sessionId: 's', messageId: 'm', partId, text });
  for (const text of ['aaaa', 'bbbb', 'cccc']) delta('p', text);
  delta('q', 'd');
  buffer.close();
  const texts = (await take(buffer, 10)).map((event) => (event.type === 'delta' ? event.text : ''));
  t.deepEqual(texts, ['aaaabbbb', 'cccc', 'd']);
});

async function startStream(
  serve: (response: ServerResponse, connection: number) => void,
  options: EventStreamOptions = {},
) {
  const server = await startHttpServer((_request, response) => {
    serve(response, server.requests.length);
  });
  const http = new OpencodeHttp({ url: server.url, password: 'secret' });
  const stream = new OpencodeEventStream(http, { firstDelayMs: 5, maxDelayMs: 20, ...options });
  return {
    stream,
    connections: () => server.requests.length,
    async [Symbol.asyncDispose]() {
      await stream[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function take(events: AsyncIterable<AgentEvent>, count: number): Promise<AgentEvent[]> {
  const taken: AgentEvent[] = [];
  for await (const event of events) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

function send(response: ServerResponse, ...frames: unknown[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const one of frames) response.write(`data: ${JSON.stringify(one)}\n\n`);
}

function frame(type: string, properties: unknown): unknown {
  return { directory: '/w', payload: { id: 'evt_1', type, properties } };
}

const CONNECTED = { payload: { id: 'evt_0', type: 'server.connected', properties: {} } };
const busy = (sessionID: string) => frame('session.status', { sessionID, status: { type: 'busy' } });
const typesOf = (events: readonly AgentEvent[]) => events.map(({ type }) => type);

import { connect, type Socket } from 'node:net';
import { historyGrown, sessionOutput, type StoredSessionEvent } from '@oio/contracts';
import test from 'ava';
import { aRunningSession, aSession } from './support/a-session.ts';
import { EventStream } from './support/event-stream.ts';
import { eventually } from '@oio/runtime/testing';
import { type Api, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const urlOf = (api: Api, id: string, query = '') => `${api.url}/v1/sessions/${id}/stream${query}`;
const checkpoint = (api: Api, id: string, data: string | number) =>
  api.actor.command(id, { name: 'checkpoint', payload: { data } });

test('a stream replays the history, then goes on with what happens', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  await using stream = await EventStream.open(urlOf(api, id));
  t.regex(stream.response.headers.get('content-type') ?? '', /^text\/event-stream/);
  t.is(stream.response.headers.get('cache-control'), 'no-store');
  const replayed = await stream.take(2);
  t.deepEqual(
    replayed.map(({ id: seq, event, data }) => [seq, event, (JSON.parse(data) as { type: string }).type]),
    [
      ['1', 'history', 'session.created'],
      ['2', 'history', 'session.queued'],
    ],
  );
  await api.fetch(`/v1/sessions/${id}/cancel`, { json: {} });
  const [live] = await stream.take(1);
  t.like(JSON.parse(live?.data ?? ''), { seq: 3, type: 'session.cancelled', sessionId: id });
});

test('a stream resumes after Last-Event-ID, which counts more than the query', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  await using byHeader = await EventStream.open(urlOf(api, id, '?after=0'), { lastEventId: 3 });
  t.is((await byHeader.take(1))[0]?.id, '4');
  await using byQuery = await EventStream.open(urlOf(api, id, '?after=2'));
  t.is((await byQuery.take(1))[0]?.id, '3');
});

test('events that come while the history is read are neither lost nor doubled', async (t) => {
  await using api = await startApi(database());
  const { id, version } = await aRunningSession(api);
  const writing = (async () => {
    for (let made = 0; made < 60; made += 1) await checkpoint(api, id, made);
  })();
  const streams = await Promise.all(Array.from({ length: 10 }, () => EventStream.open(urlOf(api, id))));
  const expected = Array.from({ length: version + 60 }, (_, index) => String(index + 1));
  for (const stream of streams) {
    t.deepEqual(
      (await stream.take(expected.length)).map(({ id: seq }) => seq),
      expected,
    );
    await stream[Symbol.asyncDispose]();
  }
  await writing;
});

test('a gap in what the bus brings is closed from the store, in order', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  await using stream = await EventStream.open(urlOf(api, id));
  await stream.take(5);
  api.actor.mute = true;
  for (let made = 0; made < 3; made += 1) await checkpoint(api, id, made);
  api.actor.mute = false;
  await checkpoint(api, id, 3);
  const seqs = (await stream.take(4)).map(({ id: seq }) => Number(seq));
  t.deepEqual(seqs, [6, 7, 8, 9]);
});

test('events that the bus loses altogether are found in the store', async (t) => {
  await using api = await startApi(database(), { limits: { lookMs: 100 } });
  const { id } = await aRunningSession(api);
  await using stream = await EventStream.open(urlOf(api, id));
  await stream.take(5);
  api.actor.mute = true;
  await checkpoint(api, id, 1);
  t.is((await stream.take(1))[0]?.id, '6');
});

test('events that come twice or out of order are sent once, in order', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  await using stream = await EventStream.open(urlOf(api, id));
  await stream.take(5);
  api.actor.mute = true;
  for (let made = 0; made < 4; made += 1) await checkpoint(api, id, made);
  const { events } = (await (await api.fetch(`/v1/sessions/${id}/events?after=5`)).json()) as {
    events: StoredSessionEvent[];
  };
  for (const index of [2, 0, 3, 2, 1, 0, 3]) {
    const event = events[index] as StoredSessionEvent;
    api.bus.announce(historyGrown, { owner: 'w1', events: [event], larger: [] });
  }
  t.deepEqual(
    (await stream.take(4)).map(({ id: seq }) => seq),
    ['6', '7', '8', '9'],
  );
});

test('an event that is too large to be told is read from the store', async (t) => {
  await using api = await startApi(database(), { limits: { lookMs: 600_000 } });
  const { id } = await aRunningSession(api);
  await using stream = await EventStream.open(urlOf(api, id));
  await stream.take(5);
  api.actor.mute = true;
  await checkpoint(api, id, 'x'.repeat(200_000));
  api.bus.announce(historyGrown, { owner: 'w1', events: [], larger: [{ sessionId: id, tenant: 'acme', seq: 6 }] });
  t.is((await stream.take(1))[0]?.id, '6');
});

test('live output comes without an id and only to those who may see the session', async (t) => {
  await using api = await startApi(database());
  const [mine, other] = [await aRunningSession(api), await aRunningSession(api)];
  await using stream = await EventStream.open(urlOf(api, mine.id));
  await stream.take(5);
  const say = (sessionId: string, tenant: string, text: string) =>
    api.bus.announce(sessionOutput, { sessionId, tenant, kind: 'text', text });
  // Live news are dropped until the stream is up to date.
  const saying = setInterval(() => {
    say(other.id, 'acme', 'of another session');
    say(mine.id, 'globex', 'of another tenant');
    say(mine.id, 'acme', 'line 1\nline 2');
  }, 10);
  t.teardown(() => clearInterval(saying));
  const [output] = await stream.take(1);
  t.is(output?.event, 'output');
  t.is(output?.id, undefined);
  t.like(JSON.parse(output?.data ?? ''), { text: 'line 1\nline 2' });
});

test('a stream ends with the deletion of its session', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  await using stream = await EventStream.open(urlOf(api, id));
  await api.fetch(`/v1/sessions/${id}/cancel`, { json: {} });
  await api.fetch(`/v1/sessions/${id}`, { method: 'DELETE' });
  const all = await stream.rest();
  t.like(JSON.parse(all.at(-2)?.data ?? ''), { type: 'session.deleted' });
  t.deepEqual([all.at(-1)?.event, JSON.parse(all.at(-1)?.data ?? '')], ['end', { reason: 'deleted', resumeAfter: 4 }]);
});

test('a stop of the service ends all streams at once and says where to go on', async (t) => {
  const api = await startApi(database());
  const { id } = await aSession(api);
  await using stream = await EventStream.open(urlOf(api, id));
  await stream.take(2);
  const startedAt = performance.now();
  await api[Symbol.asyncDispose]();
  t.true(performance.now() - startedAt < 2_500);
  t.deepEqual(JSON.parse((await stream.rest()).at(-1)?.data ?? ''), { reason: 'shutdown', resumeAfter: 2 });
});

// By itself: what a process takes is taken by all tests that run in it.
test.serial(
  'readers that never read cost bounded memory and are closed; a new stream goes on where they were',
  async (t) => {
    await using api = await startApi(database(), { limits: { stallMs: 300, heartbeatMs: 100 } });
    const { id, version } = await aRunningSession(api);
    for (let made = 0; made < 50; made += 1) await checkpoint(api, id, 'x'.repeat(200_000));
    const before = process.memoryUsage().rss;
    const sockets = await Promise.all(Array.from({ length: 12 }, () => deafReader(api, id)));
    t.teardown(() => sockets.forEach((socket) => socket.destroy()));
    const closed = () => api.log.filter((line) => line.includes('"route":"streamSession"')).length;
    await eventually(() => closed() === 12, { withinMs: 60_000 });
    t.true(process.memoryUsage().rss - before < 250_000_000, `${(process.memoryUsage().rss - before) / 1e6} MB`);
    // Nor does the system keep anything for them.
    const resets = sockets.map((socket) => new Promise<boolean>((resolve) => socket.once('close', resolve)));
    for (const socket of sockets) socket.resume();
    t.false((await Promise.all(resets)).includes(false));
    await using stream = await EventStream.open(urlOf(api, id), { lastEventId: version + 40 });
    t.is((await stream.take(1))[0]?.id, String(version + 41));
  },
);

test('more streams than allowed are refused with 429; a closed one makes room', async (t) => {
  await using api = await startApi(database(), { environment: { API_MAX_STREAMS: '2' } });
  const { id } = await aSession(api);
  await using first = await EventStream.open(urlOf(api, id));
  t.is(first.response.status, 200);
  const second = await EventStream.open(urlOf(api, id));
  const refused = await api.fetch(`/v1/sessions/${id}/stream`);
  t.is(refused.status, 429);
  t.truthy(refused.headers.get('retry-after'));
  t.like(await refused.json(), { code: 'too_many_streams' });
  await second[Symbol.asyncDispose]();
  const roomMade = eventually(async () => {
    await using third = await EventStream.open(urlOf(api, id));
    return third.response.status === 200;
  });
  t.true(await roomMade);
});

test('a HEAD request opens no stream', async (t) => {
  await using api = await startApi(database(), { environment: { API_MAX_STREAMS: '1' } });
  const { id } = await aSession(api);
  for (let asked = 0; asked < 3; asked += 1)
    t.is((await api.fetch(`/v1/sessions/${id}/stream`, { method: 'HEAD' })).status, 200);
});

/** Asks for a stream and never reads from the socket. */
function deafReader(api: Api, id: string): Promise<Socket> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.pause();
      socket.write(
        `GET /v1/sessions/${id}/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEYS.alice}\r\n\r\n`,
        () => resolve(socket),
      );
    });
    socket.on('error', reject);
  });
}

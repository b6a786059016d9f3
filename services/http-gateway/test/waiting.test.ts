import type { SessionDetail, SessionView } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import { createClient } from '@oio/sdk';
import test from 'ava';
import { aRunningSession, aSession } from './support/a-session.ts';
import { type Api, draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const waiting = (seconds: number | string) => ({ headers: { prefer: `wait=${seconds}` } });
const cancel = (api: Api, id: string) => api.fetch(`/v1/sessions/${id}/cancel`, { json: {} });

/** Whether something is still to come after everything that is under way here has had its turn. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  return Promise.race([promise.then(() => false), Promise.resolve(true)]);
}

test('a submission that prefers to wait is answered when the bus tells of the end', async (t) => {
  await using api = await startApi(database(), { limits: { lookMs: 600_000 } });
  // Less than it would wait: an answer because the time is over is none.
  t.timeout(50_000);
  const id = newId();
  const pending = api.fetch('/v1/sessions', { json: draft({ id }), headers: { prefer: 'respond-async, wait=60' } });
  await eventually(async () => (await api.fetch(`/v1/sessions/${id}`)).status === 200);
  t.true(await isPending(pending));
  await cancel(api, id);
  const response = await pending;
  t.is(response.status, 201);
  t.is(response.headers.get('preference-applied'), 'wait=60');
  t.is(response.headers.get('etag'), '"3"');
  t.like(await response.json(), { id, status: 'cancelled' });
});

test('a reading that prefers to wait shows the session in full as it has ended', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  const pending = api.fetch(`/v1/sessions/${id}`, waiting(30));
  await api.actor.command(id, { name: 'checkpoint', payload: { data: 1 } });
  t.true(await isPending(pending));
  await api.fetch(`/v1/sessions/${id}/stop`, { json: {} });
  const session = (await (await pending).json()) as SessionDetail;
  t.is(session.status, 'stopped');
  t.true(session.checkpoints.length > 0);
});

test('when the time is over, the session is shown as it is then', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const response = await api.fetch(`/v1/sessions/${id}`, waiting(1));
  t.is(response.headers.get('preference-applied'), 'wait=1');
  t.like(await response.json(), { status: 'queued' });
});

test('what has ended already is answered at once', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  await cancel(api, id);
  t.like(await (await api.fetch(`/v1/sessions/${id}`, waiting(60))).json(), { status: 'cancelled' });
});

test('a failure that is retried is not the end', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  const pending = api.fetch(`/v1/sessions/${id}`, waiting(30));
  const failure = failureOf('provider_unavailable');
  await api.actor.command(id, { name: 'report-failed', payload: { token: '1.1', steps: [], resume: null, failure } });
  t.like(await (await api.fetch(`/v1/sessions/${id}`)).json(), { status: 'failed' });
  t.true(await isPending(pending));
  await api.fetch(`/v1/sessions/${id}/retry`, { json: {} });
  await cancel(api, id);
  t.like(await (await pending).json(), { status: 'cancelled' });
});

test('an end that the bus does not tell of is found in the store', async (t) => {
  await using api = await startApi(database(), { limits: { lookMs: 100 } });
  t.timeout(50_000);
  const { id } = await aSession(api);
  const pending = api.fetch(`/v1/sessions/${id}`, waiting(60));
  t.true(await isPending(pending));
  api.actor.mute = true;
  await cancel(api, id);
  t.like(await (await pending).json(), { status: 'cancelled' });
});

test('a repeated submission waits as well, and is one session', async (t) => {
  await using api = await startApi(database());
  const headers = { 'idempotency-key': newId(), prefer: 'wait=30' };
  const id = newId();
  const both = [1, 2].map(() => api.fetch('/v1/sessions', { json: draft({ id }), headers }));
  await eventually(async () => (await cancel(api, id)).status === 200);
  for (const response of await Promise.all(both)) t.like(await response.json(), { id, status: 'cancelled' });
  const later = await api.fetch('/v1/sessions', { json: draft({ id }), headers });
  t.is(later.headers.get('idempotent-replayed'), 'true');
  t.like(await later.json(), { id, status: 'cancelled' });
});

test('no more wait than may; who may not is answered at once and not told that he waited', async (t) => {
  await using api = await startApi(database(), { limits: { waits: 1 } });
  const { id } = await aSession(api);
  const leaving = new AbortController();
  const first = api.fetch(`/v1/sessions/${id}`, { ...waiting(60), signal: leaving.signal });
  first.catch(() => undefined);
  t.true(await isPending(first));
  const second = await api.fetch(`/v1/sessions/${id}`, waiting(60));
  t.is(second.headers.get('preference-applied'), null);
  t.like(await second.json(), { status: 'queued' });
  leaving.abort();
  const roomMade = eventually(async () => {
    const third = await api.fetch(`/v1/sessions/${id}`, waiting(1));
    return third.headers.has('preference-applied');
  });
  t.true(await roomMade, 'a client that leaves makes room');
});

test('those that wait take no place from those that work', async (t) => {
  await using api = await startApi(database(), { limits: { inFlight: 2 } });
  const { id } = await aSession(api);
  const waits: Promise<Response>[] = [];
  for (let count = 0; count < 4; count += 1) {
    waits.push(api.fetch(`/v1/sessions/${id}`, waiting(60)));
    await eventually(async () => (await api.fetch(`/v1/sessions/${id}`)).status === 200);
  }
  t.is((await cancel(api, id)).status, 200);
  for (const response of await Promise.all(waits)) t.like(await response.json(), { status: 'cancelled' });
});

test('a stop of the service answers who waits at once', async (t) => {
  const api = await startApi(database());
  const { id } = await aSession(api);
  const pending = api.fetch(`/v1/sessions/${id}`, waiting(60));
  t.true(await isPending(pending));
  await api[Symbol.asyncDispose]();
  t.like(await (await pending).json(), { status: 'queued' });
});

test('a preference that is not understood is not followed, and one for longer than a minute is for a minute', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  for (const prefer of ['wait', 'wait=soon', 'wait=-1', 'wait=1.5', 'await=5', 'return=minimal']) {
    const response = await api.fetch(`/v1/sessions/${id}`, { headers: { prefer } });
    t.is(response.headers.get('preference-applied'), null, prefer);
  }
  await cancel(api, id);
  const response = await api.fetch(`/v1/sessions/${id}`, waiting('"999999"'));
  t.is(response.headers.get('preference-applied'), 'wait=60');
});

test('nobody waits for a session of another tenant', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  t.is((await api.fetch(`/v1/sessions/${id}`, { ...waiting(60), key: KEYS.bob })).status, 404);
});

test('the client waits for the end of a session', async (t) => {
  await using api = await startApi(database());
  await using client = createClient({ url: api.url, apiKey: KEYS.alice });
  const { id } = await aSession(api);
  const short = await client.getSession({ id }, { waitSeconds: 1 });
  t.is(short.status, 'queued');
  const pending = client.ended(id);
  const submitted = client.createSession({ title: 'Do it', prompt: 'x', id: newId() }, { waitSeconds: 1 });
  t.is((await submitted).status satisfies SessionView['status'], 'queued');
  t.true(await isPending(pending));
  await cancel(api, id);
  t.is((await pending).status, 'cancelled');
});

import type { SessionView } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import { createInProcessOwnerDirectory, createSessionRouter, type SessionRouter } from '@oio/ownership';
import { newId } from '@oio/runtime';
import test from 'ava';
import { aSession } from './support/a-session.ts';
import { draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const key = () => ({ 'idempotency-key': crypto.randomUUID() });
const counted = async (tag: string) => {
  const [row] = await database().query<{ count: number }>(
    'select count(*)::int as count from sessions where tags @> array[$1::text]',
    [tag],
  );
  return row?.count;
};

test('fifty equal requests at a time have one effect and one answer', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const headers = key();
  const responses = await Promise.all(
    Array.from({ length: 50 }, () => api.fetch('/v1/sessions', { json: draft({ tags: [tag] }), headers })),
  );
  t.deepEqual(new Set(responses.map(({ status }) => status)), new Set([201]));
  const ids = await Promise.all(responses.map(async (response) => ((await response.json()) as SessionView).id));
  t.is(new Set(ids).size, 1);
  t.is(await counted(tag), 1);
  t.is(
    responses.filter(
      ({ headers: { get } }, index) => get.call(responses[index]?.headers, 'idempotent-replayed') === null,
    ).length,
    1,
  );
});

test('requests without a key are requests of their own', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  await Promise.all([aSession(api, { tags: [tag] }), aSession(api, { tags: [tag] })]);
  t.is(await counted(tag), 2);
});

test('the order of keys in the body makes no other request', async (t) => {
  await using api = await startApi(database());
  const headers = key();
  const first = await api.fetch('/v1/sessions', {
    json: { title: 'Do it', prompt: 'x', metadata: { a: 1, b: [2, { c: 3, d: 4 }] } },
    headers,
  });
  const second = await api.fetch('/v1/sessions', {
    json: { metadata: { b: [2, { d: 4, c: 3 }], a: 1 }, prompt: 'x', title: 'Do it' },
    headers,
  });
  t.is(second.headers.get('idempotent-replayed'), 'true');
  t.is(((await first.json()) as SessionView).id, ((await second.json()) as SessionView).id);
});

test('the same key for another body or another route is refused and changes nothing', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const headers = key();
  const first = await api.fetch('/v1/sessions', { json: draft({ tags: [tag] }), headers });
  const { id } = (await first.json()) as SessionView;
  const other = await api.fetch('/v1/sessions', { json: draft({ tags: [tag], priority: 'low' }), headers });
  t.is(other.status, 422);
  t.like(await other.json(), { code: 'idempotency_key_reused' });
  t.is((await api.fetch(`/v1/sessions/${id}/cancel`, { json: {}, headers })).status, 422);
  t.is(await counted(tag), 1);
  t.like(await (await api.fetch(`/v1/sessions/${id}`)).json(), { status: 'queued' });
});

test('a refused submission may be corrected under its key; from then on the key stands for the corrected one', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const headers = key();
  const wrong = draft({ tags: [tag], directory: '/missing' });
  const right = draft({ tags: [tag], directory: '/srv/there' });
  t.is((await api.fetch('/v1/sessions', { json: wrong, headers })).status, 422);
  const other = await api.fetch('/v1/sessions', { json: { ...right, id: newId() }, headers });
  t.like(await other.json(), { code: 'idempotency_key_reused' }, 'under another id than that of the refused one');
  const first = await api.fetch('/v1/sessions', { json: right, headers });
  t.is(first.status, 201);
  t.is(first.headers.get('idempotent-replayed'), null);
  const again = await api.fetch('/v1/sessions', { json: right, headers });
  t.is(again.headers.get('idempotent-replayed'), 'true');
  t.is(((await first.json()) as SessionView).id, ((await again.json()) as SessionView).id);
  for (const json of [wrong, { ...right, priority: 'low' }]) {
    const refused = await api.fetch('/v1/sessions', { json, headers });
    t.like(await refused.json(), { code: 'idempotency_key_reused' });
  }
  t.is(await counted(tag), 1);
});

test('a refused submission and its correction at the same time are one session at most', async (t) => {
  const { router, refuseNext } = refusingRouter();
  await using api = await startApi(database(), { ports: { router } });
  router.use(api.bus);
  for (let round = 0; round < 10; round += 1) {
    const tag = crypto.randomUUID();
    const headers = key();
    const bodies = [draft({ tags: [tag] }), draft({ tags: [tag], priority: 'low' })];
    refuseNext();
    t.is((await api.fetch('/v1/sessions', { json: bodies[0], headers })).status, 422);
    const answers = await Promise.all(
      [...bodies, ...bodies].map(async (json) => (await api.fetch('/v1/sessions', { json, headers })).status),
    );
    t.is(await counted(tag), 1, answers.join(' '));
    t.true(
      answers.every((status) => [201, 409, 422].includes(status)),
      answers.join(' '),
    );
  }
});

test('a submission that was refused and then succeeded cannot be corrected any more', async (t) => {
  const { router, refuseNext } = refusingRouter();
  await using api = await startApi(database(), { ports: { router } });
  router.use(api.bus);
  const tag = crypto.randomUUID();
  const headers = key();
  refuseNext();
  t.is((await api.fetch('/v1/sessions', { json: draft({ tags: [tag] }), headers })).status, 422);
  t.is((await api.fetch('/v1/sessions', { json: draft({ tags: [tag] }), headers })).status, 201);
  const other = await api.fetch('/v1/sessions', { json: draft({ tags: [tag], priority: 'low' }), headers });
  t.like(await other.json(), { code: 'idempotency_key_reused' });
  t.is(await counted(tag), 1);
});

/** A router that refuses the next order when it is told to, as if the place were impossible for that moment. */
function refusingRouter() {
  let refuse = false;
  let inner: SessionRouter | undefined;
  const send: SessionRouter['send'] = async (...order) => {
    if (!refuse && inner) return inner.send(...order);
    refuse = false;
    throw new InvalidError('The session cannot be accepted.');
  };
  const use = (bus: Bus): void => {
    inner = createSessionRouter(bus, createInProcessOwnerDirectory());
  };
  const refuseNext = (): void => {
    refuse = true;
  };
  return { router: { send, use }, refuseNext };
}

test('keys of two tenants have nothing to do with each other', async (t) => {
  await using api = await startApi(database());
  const headers = key();
  const mine = await api.fetch('/v1/sessions', { json: draft(), headers });
  const theirs = await api.fetch('/v1/sessions', { json: draft({ title: 'Another thing' }), headers, key: KEYS.bob });
  t.is(theirs.status, 201);
  t.is(theirs.headers.get('idempotent-replayed'), null);
  t.not(((await mine.json()) as SessionView).id, ((await theirs.json()) as SessionView).id);
});

test('a repeated command gives its outcome again, also when the state would refuse a new one', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const headers = key();
  for (const replayed of [null, 'true', 'true']) {
    const response = await api.fetch(`/v1/sessions/${id}/cancel`, { json: {}, headers });
    t.is(response.status, 200);
    t.is(response.headers.get('idempotent-replayed'), replayed);
  }
  t.is((await api.fetch(`/v1/sessions/${id}/cancel`, { json: {} })).status, 409);
});

test('a repeated deletion gives its outcome again, although the session is gone', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  await api.fetch(`/v1/sessions/${id}/cancel`, { json: {} });
  const headers = key();
  for (let times = 0; times < 2; times += 1) {
    const response = await api.fetch(`/v1/sessions/${id}`, { method: 'DELETE', headers });
    t.is(response.status, 200);
    t.truthy(((await response.json()) as SessionView).deletedAt);
  }
});

test('a repeated submission is answered from what is stored, even if the place has become impossible', async (t) => {
  await using api = await startApi(database());
  const headers = key();
  await api.fetch('/v1/sessions', { json: draft(), headers });
  const sent = api.actor.received.length;
  t.is((await api.fetch('/v1/sessions', { json: draft(), headers })).status, 201);
  t.is(api.actor.received.length, sent);
});

test('a key that is no key is refused', async (t) => {
  await using api = await startApi(database());
  for (const wrong of ['with space', 'x'.repeat(201), 'ümlaut']) {
    const response = await api.fetch('/v1/sessions', { json: draft(), headers: { 'idempotency-key': wrong } });
    t.is(response.status, 422);
    t.like(await response.json(), { violations: [{ field: 'Idempotency-Key' }] });
  }
});

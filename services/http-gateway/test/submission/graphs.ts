import { createGraph, type NewGraph } from '@oio/contracts';
import type { Envelope } from '@oio/messaging';
import { newId } from '@oio/runtime';
import test from 'ava';
import { type Api, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const node = (name: string, more: object = {}) => ({ name, title: `Do ${name}`, prompt: 'Do it.', ...more });

interface Taken {
  readonly payload: NewGraph;
  readonly envelope: Envelope;
}

/** An API whose graphs are taken by a session-actor that keeps them in memory. */
async function open(): Promise<{ readonly api: Api; readonly taken: readonly Taken[] } & AsyncDisposable> {
  const api = await startApi(database());
  const taken: Taken[] = [];
  await api.bus.serve(createGraph, async ({ payload, envelope }) => {
    const outcome = taken.some((one) => one.envelope.id === envelope.id) ? ('repeated' as const) : ('applied' as const);
    taken.push({ payload, envelope });
    const sessions = payload.sessions.map(({ name }) => ({ name, id: newId(), status: 'queued' as const }));
    return { outcome, sessions };
  });
  return { api, taken, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

test('a graph is one order of the one who submits it', async (t) => {
  await using opened = await open();
  const sessions = [node('plan'), node('code', { dependsOn: [{ session: 'plan' }], onDependencyFailure: 'skip' })];
  const response = await opened.api.fetch('/v1/graphs', { json: { sessions } });
  t.is(response.status, 201);
  t.like(await response.json(), {
    sessions: [
      { name: 'plan', status: 'queued' },
      { name: 'code', status: 'queued' },
    ],
  });
  t.is(opened.taken.length, 1);
  t.like(opened.taken[0]?.envelope, { tenant: 'acme', principal: 'user:alice' });
  t.like(opened.taken[0]?.payload.sessions[1], {
    dependsOn: [{ session: 'plan', on: 'succeeded' }],
    onDependencyFailure: 'skip',
  });
});

test('a repetition under the same key is the same order, and another graph under it is refused', async (t) => {
  await using opened = await open();
  const headers = { 'idempotency-key': crypto.randomUUID() };
  const submit = (name: string) => opened.api.fetch('/v1/graphs', { json: { sessions: [node(name)] }, headers });
  t.is((await submit('a')).headers.get('idempotent-replayed'), null);
  t.is((await submit('a')).headers.get('idempotent-replayed'), 'true');
  t.is((await submit('b')).status, 422);
  t.is(new Set(opened.taken.map(({ envelope }) => `${envelope.id} ${envelope.sessionId}`)).size, 1);
});

test('whoever may only read submits none', async (t) => {
  await using opened = await open();
  const response = await opened.api.fetch('/v1/graphs', { json: { sessions: [node('a')] }, key: KEYS.reader });
  t.is(response.status, 403);
  t.is(opened.taken.length, 0);
});

const refused = test.macro(async (t, sessions: unknown, ...fields: string[]) => {
  await using opened = await open();
  const response = await opened.api.fetch('/v1/graphs', { json: { sessions } });
  t.is(response.status, 422);
  const { violations } = (await response.json()) as { violations: { field: string }[] };
  t.deepEqual(
    violations.map(({ field }) => field),
    fields,
  );
  t.is(opened.taken.length, 0);
});

const many = (count: number) => Array.from({ length: count }, (_, index) => node(`n${index}`));
const on = (count: number) => many(count).map(({ name }) => ({ session: name }));

test('a graph of 201 sessions is refused', refused, many(201), 'sessions');
test('a graph of none is refused', refused, [], 'sessions');
test('51 dependencies of one are refused', refused, [node('a', { dependsOn: on(51) })], 'sessions.0.dependsOn');
test('a name with a blank is refused', refused, [node('a b')], 'sessions.0.name');
test(
  'what becomes of a failure is one of three',
  refused,
  [node('a', { onDependencyFailure: 'retry' })],
  'sessions.0.onDependencyFailure',
);
test(
  'a dependency ends in one of two ways',
  refused,
  [node('a', { dependsOn: [{ session: 'b', on: 'begun' }] })],
  'sessions.0.dependsOn.0.on',
);
test(
  'a graph has no ids and parents of its own',
  refused,
  [node('a', { id: newId(), parentId: null })],
  'sessions.0.id',
  'sessions.0.parentId',
);

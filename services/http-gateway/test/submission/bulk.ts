import { type BulkOutcome, newSessions, type SubmittedSessions } from '@oio/contracts';
import { idAt, newId } from '@oio/runtime';
import test from 'ava';
import { aRunningSession, aSession } from '../support/a-session.ts';
import { type Api, draft, type FetchOptions, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);

async function submit(api: Api, sessions: readonly unknown[], options: FetchOptions = {}): Promise<SubmittedSessions> {
  const response = await api.fetch('/v1/sessions/batch', { json: { sessions }, ...options });
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as SubmittedSessions;
}

async function order(api: Api, name: string, filter: object, options: FetchOptions = {}): Promise<BulkOutcome> {
  const response = await api.fetch('/v1/sessions/orders', { json: { order: name, filter }, ...options });
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as BulkOutcome;
}

async function countTagged(tag: string): Promise<number | undefined> {
  const [row] = await database().query<{ count: number }>(
    'select count(*)::int as count from sessions where tags @> array[$1::text]',
    [tag],
  );
  return row?.count;
}

const withKey = (): FetchOptions => ({ headers: { 'idempotency-key': crypto.randomUUID() } });

test('many sessions are submitted in one request, and the same request again is the same sessions', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const sessions = Array.from({ length: 150 }, (_, index) => draft({ title: `Part ${index}`, tags: [tag] }));
  const options = withKey();
  const first = await submit(api, sessions, options);
  t.deepEqual(first.refused, []);
  t.deepEqual(
    first.accepted.map(({ index }) => index),
    sessions.map((_, index) => index),
  );
  t.deepEqual(await submit(api, sessions, options), first);
  t.is(await countTagged(tag), 150);
  const { title } = (await (await api.fetch(`/v1/sessions/${first.accepted[7]?.id}`)).json()) as { title: string };
  t.is(title, 'Part 7');
});

test('each is accepted or refused for itself, with what is wrong about it', async (t) => {
  await using api = await startApi(database());
  const id = newId();
  const { accepted, refused } = await submit(api, [
    draft({ id }),
    draft({ directory: '/missing' }),
    draft({ id }),
    draft(),
  ]);
  t.deepEqual(
    accepted.map(({ index, status }) => [index, status]),
    [
      [0, 'queued'],
      [3, 'queued'],
    ],
  );
  t.like(refused[0], { index: 1, code: 'invalid', again: false });
  t.is(refused[0]?.violations[0]?.field, 'directory');
  t.like(refused[1], { index: 2, code: 'id_taken', again: false, violations: [] });
});

const refusedBatch = test.macro(async (t, sessions: readonly unknown[], field: string) => {
  await using api = await startApi(database());
  const response = await api.fetch('/v1/sessions/batch', { json: { sessions } });
  t.is(response.status, 422);
  t.is(((await response.json()) as { violations: { field: string }[] }).violations[0]?.field, field);
});
const many = (count: number) => Array.from({ length: count }, () => draft());

test('1,001 at once are refused', refusedBatch, many(1_001), 'sessions');
test('none are refused', refusedBatch, [], 'sessions');
test(
  'what breaks a rule is named by its place',
  refusedBatch,
  [draft(), draft({ title: 'untitled' })],
  'sessions.1.title',
);

test('a thousand sessions with long prompts fit into a request, and more than 4 MiB do not', async (t) => {
  await using api = await startApi(database());
  const [fits, tooMuch] = [
    [draft({ prompt: 'x'.repeat(10_000) })],
    many(500).map((one) => ({ ...one, prompt: 'x'.repeat(9_000) })),
  ];
  t.is(
    (await submit(api, [...many(30).map((one) => ({ ...one, prompt: 'y'.repeat(10_000) })), ...fits])).accepted.length,
    31,
  );
  t.is((await api.fetch('/v1/sessions/batch', { json: { sessions: tooMuch } })).status, 413);
  t.true(newSessions.safeParse({ sessions: many(1_000) }).success);
});

test('an order reaches the sessions of the tenant that the filter holds for and whose state allows it', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const tags = [tag];
  const { accepted } = await submit(api, [
    draft({ tags, priority: 'low' }),
    draft({ tags }),
    draft({ tags, start: false }),
  ]);
  const running = await aRunningSession(api, { tags });
  const foreign = await aSession(api, { tags }, KEYS.bob);
  const bystander = await aSession(api);
  t.deepEqual(
    (await order(api, 'cancel', { tag, priority: 'low' })).done,
    accepted.slice(0, 1).map(({ id }) => ({ id, status: 'cancelled' })),
  );
  const rest = await order(api, 'cancel', { tag });
  t.deepEqual(
    rest.done.map(({ id }) => id).toSorted(),
    accepted
      .slice(1)
      .map(({ id }) => id)
      .toSorted(),
  );
  t.deepEqual([rest.refused, rest.more], [[], false]);
  t.deepEqual((await order(api, 'pause', { tag, status: ['running'] })).done, [{ id: running.id, status: 'paused' }]);
  t.deepEqual((await order(api, 'stop', { tag })).done, [{ id: running.id, status: 'stopped' }]);
  for (const [{ id }, key] of [
    [foreign, KEYS.bob],
    [bystander, KEYS.alice],
  ] as const)
    t.is(((await (await api.fetch(`/v1/sessions/${id}`, { key })).json()) as { status: string }).status, 'queued');
});

test('an order that comes again does nothing to sessions that came after it', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const options = withKey();
  await submit(api, [draft({ tags: [tag] })]);
  t.is((await order(api, 'cancel', { tag }, options)).done.length, 1);
  const later = await aSession(api, { tags: [tag] });
  t.deepEqual(await order(api, 'cancel', { tag }, options), { done: [], refused: [], more: false });
  t.is((await order(api, 'cancel', { tag })).done[0]?.id, later.id);
});

test('an order reaches sessions whose ids were made by a clock that is ahead, and its repetition none that came later', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const ahead = (): string => idAt(new Date(Date.now() + 3_600_000).toISOString(), [newId()]);
  const { id } = await aSession(api, { tags: [tag], id: ahead() });
  const options = withKey();
  t.deepEqual((await order(api, 'cancel', { tag }, options)).done, [{ id, status: 'cancelled' }]);
  await aSession(api, { tags: [tag], id: ahead() });
  t.deepEqual(await order(api, 'cancel', { tag }, options), { done: [], refused: [], more: false });
});

for (const [what, body, field] of [
  ['without a filter', { order: 'cancel' }, 'filter'],
  ['with a filter that says nothing', { order: 'cancel', filter: {} }, 'filter'],
  ['that is none', { order: 'delete', filter: { all: true } }, 'order'],
  ['by an unknown state', { order: 'cancel', filter: { status: ['lost'] } }, 'filter.status.0'],
  ['by an unknown field', { order: 'cancel', filter: { owner: 'me' } }, 'filter.owner'],
] as const) {
  test(`an order ${what} is refused by name`, async (t) => {
    await using api = await startApi(database());
    const response = await api.fetch('/v1/sessions/orders', { json: body });
    t.is(response.status, 422);
    t.is(((await response.json()) as { violations: { field: string }[] }).violations[0]?.field, field);
  });
}

test('a filter with an unknown state is refused with what came and what there is', async (t) => {
  await using api = await startApi(database());
  const json = { order: 'cancel', filter: { status: ['pending', 'waiting'] } };
  const response = await api.fetch('/v1/sessions/orders', { json });
  const [violation] = ((await response.json()) as { violations: { field: string; message: string }[] }).violations;
  t.is(violation?.field, 'filter.status.1');
  t.regex(violation?.message ?? '', /must be one of pending, queued, .*; got "waiting"\.$/);
});

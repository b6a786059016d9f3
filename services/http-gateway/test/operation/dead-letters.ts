import { type DeadLetterView, type Route, routes, sessionEvents, type StoredSessionEvent } from '@oio/contracts';
import { createPostgresDeadLetters, type NewDeadLetter } from '@oio/persistence';
import { newId } from '@oio/runtime';
import test from 'ava';
import { aSession } from '../support/a-session.ts';
import { type Api, draft, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const key = KEYS.operator;

/** Parks a message and returns it as the API shows it. */
async function park(api: Api, message: Partial<NewDeadLetter>): Promise<DeadLetterView> {
  const detail = newId();
  const whole = { consumer: 'test', reason: 'unprocessable', encoding: 'text', truncated: false } as const;
  const letter = { subject: 'session.create', payload: '{}', ...whole, ...message, detail };
  await createPostgresDeadLetters(api.database).park(letter);
  const { deadLetters } = (await (await api.fetch('/v1/dead-letters?limit=200', { key })).json()) as {
    deadLetters: DeadLetterView[];
  };
  const found = deadLetters.find((one) => one.detail === detail);
  if (!found) throw new Error('The parked message is not in the list.');
  return found;
}

function requestBody(payload: unknown, fields: object = {}): string {
  const id = newId();
  const about = { correlationId: id, causationId: null, tenant: 'acme', principal: 'user:alice', sessionId: newId() };
  return JSON.stringify({ v: 1, envelope: { id, ...about, ...fields }, payload });
}

const replay = (api: Api, { id }: DeadLetterView) =>
  api.fetch(`/v1/dead-letters/${id}/replay`, { method: 'POST', key });

for (const [name, route] of Object.entries(routes as Record<string, Route>).filter(
  ([, { scope }]) => scope === 'operator',
)) {
  test(`${name} is for operators: a tenant's own key learns nothing`, async (t) => {
    await using api = await startApi(database());
    const { id } = await park(api, { payload: '{"secret":1}' });
    for (const asked of [id, newId()]) {
      const response = await api.fetch(route.path.replace('{id}', asked), { method: route.method });
      t.is(response.status, 403);
      t.like(await response.json(), { code: 'missing_scope', facts: { scope: 'operator' } });
    }
  });
}

test('letters are listed page by page, newest first and without what they say; one is shown whole', async (t) => {
  await using api = await startApi(database());
  const parked = [];
  for (let count = 0; count < 3; count += 1) parked.unshift(await park(api, { payload: `payload ${count}` }));
  const seen: DeadLetterView[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await api.fetch(`/v1/dead-letters?limit=1${cursor && `&cursor=${cursor}`}`, { key });
    const page = (await response.json()) as { deadLetters: DeadLetterView[]; nextCursor: string | null };
    seen.push(...page.deadLetters);
    cursor = page.nextCursor;
  }
  const ids = new Set(parked.map(({ id }) => id));
  t.deepEqual(
    seen.filter(({ id }) => ids.has(id)),
    parked,
  );
  t.false('payload' in (seen[0] ?? {}));
  t.like(await (await api.fetch(`/v1/dead-letters/${parked[0]?.id}`, { key })).json(), { payload: 'payload 2' });
  t.is((await api.fetch(`/v1/dead-letters/${newId()}`, { key })).status, 404);
  t.is((await api.fetch('/v1/dead-letters/nothing', { key })).status, 422);
  t.is((await api.fetch('/v1/dead-letters?cursor=forged', { key })).status, 422);
});

test('a command is sent again to whoever owns its session, has its effect once, and the letter says when', async (t) => {
  await using api = await startApi(database());
  const sessionId = newId();
  const { payload } = { payload: routes.createSession.body.parse(draft({ id: sessionId })) };
  // It was addressed to a worker that is gone.
  const subject = `worker.${newId()}.session.create`;
  const letter = await park(api, { subject, payload: requestBody(payload, { sessionId }) });
  for (let times = 0; times < 2; times += 1) {
    const response = await replay(api, letter);
    t.is(response.status, 200);
    t.truthy(((await response.json()) as DeadLetterView).replayedAt);
  }
  const session = await api.fetch(`/v1/sessions/${sessionId}`);
  t.like(await session.json(), { status: 'queued', tenant: 'acme', version: 2 });
});

test('an event is published again, under an id that the bus does not know', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const { events } = (await (await api.fetch(`/v1/sessions/${id}/events`)).json()) as { events: StoredSessionEvent[] };
  const heard: string[] = [];
  await api.bus.subscribe([sessionEvents['session.queued']], {
    handler: ({ sessionId }) => void heard.push(sessionId),
  });
  const body = JSON.stringify({ v: 1, id: `${id}:2`, payload: events[1] });
  const response = await replay(api, await park(api, { subject: 'events.session.queued', payload: body }));
  t.is(response.status, 200);
  t.deepEqual(heard, [id]);
});

const HOPELESS: Readonly<Record<string, { readonly message: Partial<NewDeadLetter>; readonly code: string }>> = {
  'only the beginning of which was kept': { message: { truncated: true }, code: 'dead_letter_truncated' },
  'that is not JSON': { message: { payload: '\u0001\u0002', reason: 'foreign' }, code: 'not_replayable' },
  'that is no text': { message: { payload: '/////w==', encoding: 'base64' }, code: 'not_replayable' },
  'of a version that is not known yet': {
    message: { payload: requestBody(draft()).replace('"v":1', '"v":2') },
    code: 'not_replayable',
  },
  'that breaks its contract': { message: { payload: requestBody({ title: '' }) }, code: 'not_replayable' },
  'for a subject that nobody has': { message: { subject: 'nothing.at.all' }, code: 'not_replayable' },
  'that was news of the moment': { message: { subject: 'live.session-output' }, code: 'not_replayable' },
};

for (const [what, { message, code }] of Object.entries(HOPELESS)) {
  test(`a letter ${what} is not replayed, and it is said why`, async (t) => {
    await using api = await startApi(database());
    const letter = await park(api, message);
    const response = await replay(api, letter);
    t.is(response.status, 409);
    t.like(await response.json(), { code });
    const shown = (await (await api.fetch(`/v1/dead-letters/${letter.id}`, { key })).json()) as DeadLetterView;
    t.is(shown.replayedAt, null);
  });
}

test('a replay that fails again tells how', async (t) => {
  await using api = await startApi(database());
  const payload = routes.createSession.body.parse(draft({ directory: '/missing' }));
  const response = await replay(api, await park(api, { payload: requestBody(payload) }));
  t.is(response.status, 422);
  t.like(await response.json(), { violations: [{ field: 'directory' }] });
});

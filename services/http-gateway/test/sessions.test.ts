import { sessionDetail, type SessionView } from '@oio/contracts';
import test from 'ava';
import { aRunningSession, aSession } from './support/a-session.ts';
import { type Api, draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);

test('a submitted session is answered with 201, where it is, and its version', async (t) => {
  await using api = await startApi(database());
  const response = await api.fetch('/v1/sessions', { json: draft({ tags: ['a', 'a'] }) });
  t.is(response.status, 201);
  const session = (await response.json()) as SessionView;
  t.like(session, { title: 'Add a health check', status: 'queued', tenant: 'acme', tags: ['a'], version: 2 });
  t.is(response.headers.get('location'), `/v1/sessions/${session.id}`);
  t.is(response.headers.get('etag'), '"2"');
});

test('a session is read in full, with its checkpoints, oldest first', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  for (const step of [1, 2]) await api.fetch(`/v1/sessions/${id}/checkpoint`, { json: { data: { step } } });
  const response = await api.fetch(`/v1/sessions/${id}`);
  const session = sessionDetail.parse(await response.json());
  t.is(response.headers.get('etag'), `"${session.version}"`);
  t.like(session, { status: 'running', workspaceInUse: { branch: 'oio/1' } });
  t.deepEqual(
    session.checkpoints.filter(({ origin }) => origin === 'request').map(({ data }) => data),
    [{ step: 1 }, { step: 2 }],
  );
  const { checkpoints } = (await (await api.fetch(`/v1/sessions/${id}/checkpoints`)).json()) as {
    checkpoints: unknown;
  };
  t.deepEqual(checkpoints, session.checkpoints);
});

test('of more than a hundred checkpoints the last hundred are shown', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  for (let made = 0; made < 105; made += 1)
    await api.actor.command(id, { name: 'checkpoint', payload: { data: made } });
  const { checkpoints } = (await (await api.fetch(`/v1/sessions/${id}/checkpoints`)).json()) as {
    checkpoints: { sequence: number }[];
  };
  t.is(checkpoints.length, 100);
  t.is((checkpoints.at(-1)?.sequence ?? 0) - (checkpoints[0]?.sequence ?? 0), 99);
});

test('a session that cannot be read is left out of lists, and says so when it is asked for', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const ids: string[] = [];
  for (let made = 0; made < 8; made += 1) ids.unshift((await aSession(api, { tags: [tag] })).id);
  const [row] = await api.database.query<{ state: object }>('select state from sessions where id = $1::uuid', [ids[3]]);
  const broken = { 0: 'null', 1: '{}', 3: JSON.stringify({ ...row?.state, status: 'hibernating' }), 5: '[1]' };
  for (const [index, state] of Object.entries(broken)) await store(api, ids[Number(index)], state);
  const unborn = 'update session_events set data = $2::json where session_id = $1::uuid and seq = 1';
  await api.database.query(unborn, [ids[6], '{"tenant": "acme"}']);
  await api.database.query('delete from session_events where session_id = $1::uuid and seq = 1', [ids[7]]);
  const pages: string[][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await api.fetch(`/v1/sessions?tag=${tag}&limit=2${cursor && `&cursor=${cursor}`}`);
    const page = (await response.json()) as { sessions: SessionView[]; nextCursor: string | null };
    pages.push(page.sessions.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  t.deepEqual(pages, [[], [ids[2]], [ids[4]], []]);
  for (const id of [ids[1], ids[3], ids[6], ids[7]]) {
    const response = await api.fetch(`/v1/sessions/${id}`);
    t.is(response.status, 409);
    t.like(await response.json(), { code: 'unreadable_session' });
    t.is((await api.fetch(`/v1/sessions/${id}`, { key: KEYS.bob })).status, 404);
  }
});

test('a session of which no view can be made is left out of lists, is told of once, and says so when it is asked for', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const [bad, good] = [await aSession(api, { tags: [tag] }), await aSession(api, { tags: [tag] })];
  const [row] = await api.database.query<{ state: object }>('select state from sessions where id = $1::uuid', [bad.id]);
  const absurd = { toString: 1, valueOf: 1 };
  await store(
    api,
    bad.id,
    JSON.stringify({ ...row?.state, statusUpdatedAt: absurd, createdAt: 'x', times: { waitingSince: absurd } }),
  );
  for (let asked = 0; asked < 2; asked += 1) {
    const response = await api.fetch(`/v1/sessions?tag=${tag}`);
    t.is(response.status, 200);
    const { sessions } = (await response.json()) as { sessions: SessionView[] };
    t.deepEqual(
      sessions.map(({ id }) => id),
      [good.id],
    );
  }
  t.is(api.log.filter((line) => line.includes('left out of lists')).length, 1);
  const response = await api.fetch(`/v1/sessions/${bad.id}`);
  t.is(response.status, 409);
  t.like(await response.json(), { code: 'unreadable_session' });
});

test('lists go page by page through the sessions of the tenant, newest first, without a double or a gap', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const ids: string[] = [];
  for (let made = 0; made < 5; made += 1) ids.unshift((await aSession(api, { tags: [tag] })).id);
  await aSession(api, { tags: [tag] }, KEYS.bob);
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = (await (
      await api.fetch(`/v1/sessions?tag=${tag}&limit=2${cursor && `&cursor=${cursor}`}`)
    ).json()) as { sessions: SessionView[]; nextCursor: string | null };
    seen.push(...page.sessions.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  t.deepEqual(seen, ids);
});

test('lists are cut down to status, priority, parent and tag', async (t) => {
  await using api = await startApi(database());
  const tag = crypto.randomUUID();
  const parent = await aSession(api, { tags: [tag], priority: 'high' });
  const child = await aSession(api, { tags: [tag], start: false, parentId: parent.id });
  const found = async (query: string) => {
    const { sessions } = (await (await api.fetch(`/v1/sessions?tag=${tag}&${query}`)).json()) as {
      sessions: SessionView[];
    };
    return sessions.map(({ id }) => id);
  };
  t.deepEqual(await found('status=pending'), [child.id]);
  t.deepEqual(await found('status=queued,pending'), [child.id, parent.id]);
  t.deepEqual(await found('priority=high'), [parent.id]);
  t.deepEqual(await found(`parentId=${parent.id}`), [child.id]);
});

test('a cursor that was altered, or comes from another list or tenant, is refused', async (t) => {
  await using api = await startApi(database());
  for (let made = 0; made < 2; made += 1) await aSession(api);
  const { nextCursor } = (await (await api.fetch('/v1/sessions?limit=1')).json()) as { nextCursor: string };
  t.is((await api.fetch(`/v1/sessions?limit=1&cursor=${nextCursor}`)).status, 200);
  const forged = `${nextCursor.startsWith('A') ? 'B' : 'A'}${nextCursor.slice(1)}`;
  for (const query of [`cursor=${forged}`, 'cursor=x', `cursor=${nextCursor}&status=queued`]) {
    const response = await api.fetch(`/v1/sessions?limit=1&${query}`);
    t.is(response.status, 422, query);
    t.like(await response.json(), { violations: [{ field: 'cursor' }] });
  }
  t.is((await api.fetch(`/v1/sessions?limit=1&cursor=${nextCursor}`, { key: KEYS.bob })).status, 422);
});

test('the history is read from any event on', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  const first = (await (await api.fetch(`/v1/sessions/${id}/events?limit=2`)).json()) as {
    events: { type: string; seq: number }[];
    nextAfter: number;
  };
  t.deepEqual(
    first.events.map(({ type }) => type),
    ['session.created', 'session.queued'],
  );
  t.is(first.nextAfter, 2);
  const rest = (await (await api.fetch(`/v1/sessions/${id}/events?after=2`)).json()) as typeof first;
  t.is(rest.events[0]?.type, 'session.running');
  t.is(rest.nextAfter, null as never);
});

test('a page of the history is cut short before it gets large', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  for (let made = 0; made < 8; made += 1)
    await api.actor.command(id, { name: 'checkpoint', payload: { data: 'x'.repeat(250_000) } });
  const response = await api.fetch(`/v1/sessions/${id}/events`);
  const text = await response.text();
  t.true(text.length < 1_500_000, `${text.length}`);
  t.truthy((JSON.parse(text) as { nextAfter: number | null }).nextAfter);
});

test('what a session has changed is asked where it runs; before it runs there is nothing', async (t) => {
  await using api = await startApi(database());
  const waiting = await aSession(api);
  t.deepEqual(await (await api.fetch(`/v1/sessions/${waiting.id}/diff`)).json(), { diff: null });
  const running = await aRunningSession(api);
  t.deepEqual(await (await api.fetch(`/v1/sessions/${running.id}/diff`)).json(), {
    diff: { files: [], patch: '/srv/worktrees/1', truncated: false },
  });
});

test('metrics come from the service that counts', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  t.like(await (await api.fetch(`/v1/sessions/${id}/metrics`)).json(), { retries: 0, healthy: true });
  const all = await api.fetch('/metrics');
  t.true((await all.text()).startsWith('oio_up 1\n'));
  t.is(all.headers.get('content-type'), 'text/plain; version=0.0.4');
});

test('commands answer with the session as it then is; a body is not needed', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const response = await api.fetch(`/v1/sessions/${id}/cancel`, { method: 'POST' });
  t.is(response.status, 200);
  t.like(await response.json(), { id, status: 'cancelled' });
});

test('a command that the state does not allow is a conflict that names the state and what is allowed', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const response = await api.fetch(`/v1/sessions/${id}/resume`, { json: {} });
  t.is(response.status, 409);
  t.like(await response.json(), { code: 'illegal_transition', facts: { status: 'queued', allowed: ['cancel'] } });
});

test('a stale If-Match is refused, a fresh one is not', async (t) => {
  await using api = await startApi(database());
  const { id, version } = await aSession(api);
  const cancel = (tag: string) => api.fetch(`/v1/sessions/${id}/cancel`, { json: {}, headers: { 'if-match': tag } });
  const stale = await cancel('"1"');
  t.is(stale.status, 412);
  t.like(await stale.json(), { code: 'stale_version', facts: { version } });
  t.is((await cancel('seven')).status, 422);
  t.is((await cancel(`"${version}"`)).status, 200);
});

test('a deleted session is gone for every route', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  await api.fetch(`/v1/sessions/${id}/cancel`, { json: {} });
  t.is((await api.fetch(`/v1/sessions/${id}`, { method: 'DELETE' })).status, 200);
  for (const path of ['', '/events', '/checkpoints', '/diff', '/metrics', '/stream'])
    t.is((await api.fetch(`/v1/sessions/${id}${path}`)).status, 404, path);
  t.is((await api.fetch(`/v1/sessions/${id}`, { method: 'DELETE' })).status, 404);
});

test('an outage of the services behind is told as 503 with Retry-After, never as a bug', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  const elsewhere = `update sessions set state = jsonb_set(state::jsonb, '{attempt,serverId}', '"gone"') where id = $1::uuid`;
  await database().query(elsewhere, [id]);
  const response = await api.fetch(`/v1/sessions/${id}/diff`);
  t.is(response.status, 503);
  t.is(response.headers.get('retry-after'), '1');
  t.like(await response.json(), { code: 'no_responders' });
});

async function store(api: Api, id: string | undefined, state: string): Promise<void> {
  await api.database.query('update sessions set state = $2::json where id = $1::uuid', [id, state]);
}

test('a fork without a title gets that of its source, cut between characters and not in one', async (t) => {
  await using api = await startApi(database());
  const source = await aRunningSession(api, { title: '🦀'.repeat(200) });
  const json = { checkpoint: 1, prompt: 'Go another way.' };
  const response = await api.fetch(`/v1/sessions/${source.id}/fork`, { json });
  t.is(response.status, 201);
  t.like(await response.json(), { title: `Checkpoint 1 of: ${'🦀'.repeat(183)}` });
});

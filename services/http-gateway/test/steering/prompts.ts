import { randomUUID } from 'node:crypto';
import { MOST_WAITING_PROMPTS, type SessionView } from '@oio/contracts';
import { createClient } from '@oio/sdk';
import test from 'ava';
import { aRunningSession, aSession } from '../support/a-session.ts';
import { type Api, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);

interface Queued {
  readonly promptId: string;
  readonly session: SessionView;
}

function send(api: Api, id: string, prompt: unknown, headers: Record<string, string> = {}) {
  return api.fetch(`/v1/sessions/${id}/prompts`, { json: { prompt }, headers });
}

async function queue(api: Api, id: string, prompt: string): Promise<Queued> {
  return (await (await send(api, id, prompt)).json()) as Queued;
}

test('a further prompt is queued and shown with its session, in a list too', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const response = await send(api, id, 'Now the tests.');
  const { promptId, session } = (await response.json()) as Queued;
  t.is(response.status, 201);
  t.is(response.headers.get('location'), `/v1/sessions/${id}/prompts/${promptId}`);
  t.is(response.headers.get('etag'), `"${session.version}"`);
  const shown = { id: promptId, prompt: 'Now the tests.', state: 'queued', queuedBy: 'user:alice', usage: null };
  for (const view of [session, await read(api, id)]) t.like(view.prompts, [shown]);
  t.deepEqual((await aSession(api)).prompts, []);
});

test('sent again under its key, a prompt is queued once and answered alike', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  const key = { 'idempotency-key': randomUUID() };
  const answers = await Promise.all(Array.from({ length: 5 }, () => send(api, id, 'Go on.', key)));
  const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as Queued).promptId));
  t.is(new Set(ids).size, 1);
  t.is((await read(api, id)).prompts.length, 1);
  t.is((await send(api, id, 'Something else.', key)).status, 422);
});

test('the session goes on with what waits, and shows what became of each', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  const [two, three] = [await queue(api, id, 'two'), await queue(api, id, 'three')];
  await complete(api, id, '1.1');
  t.like(await read(api, id), { status: 'running', attempt: { number: 2 } });
  t.is((await remove(api, id, two.promptId)).status, 409);
  const removed = await remove(api, id, three.promptId);
  t.is(removed.status, 200);
  const meaning = 'A further prompt was taken out of the queue of its session before its turn came.';
  t.like(((await removed.json()) as SessionView).prompts, [
    { state: 'running' },
    { state: 'cancelled', failure: { code: 'prompt_removed', meaning } },
  ]);
  await complete(api, id, '2.1');
  t.like(await read(api, id), {
    status: 'completed',
    prompts: [{ state: 'succeeded', attempt: 2 }, { state: 'cancelled' }],
  });
});

test('what has ended takes no prompts, and says what to do', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  await complete(api, id, '1.1');
  const response = await send(api, id, 'More.');
  const problem = (await response.json()) as { code: string; detail: string };
  t.is(response.status, 409);
  t.is(problem.code, 'illegal_transition');
  t.regex(problem.detail, /is completed.*takes no further prompts; fork it from a checkpoint/);
});

test('a prompt beyond the queue, a blank one, one that is too long and one of another tenant are refused', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  for (let count = 0; count < MOST_WAITING_PROMPTS; count += 1) await queue(api, id, `Part ${count}.`);
  const full = await send(api, id, 'One more.');
  t.is(full.status, 409);
  t.like(await full.json(), { code: 'prompt_queue_full', facts: { waiting: MOST_WAITING_PROMPTS } });
  for (const prompt of ['', ' \n', 'x'.repeat(10_001), 5]) {
    const refused = await send(api, id, prompt);
    t.is(refused.status, 422);
    t.like(await refused.json(), { violations: [{ field: 'prompt' }] });
  }
  const foreign = await api.fetch(`/v1/sessions/${id}/prompts`, { json: { prompt: 'x' }, key: KEYS.bob });
  t.is(foreign.status, 404);
  t.is((await remove(api, id, 'unknown')).status, 409);
});

test('the client has both', async (t) => {
  await using api = await startApi(database());
  await using client = createClient({ url: api.url, apiKey: KEYS.alice });
  const { id } = await aSession(api);
  const { promptId } = await client.queuePrompt({ id }, { prompt: 'And then?' });
  t.like((await client.removePrompt({ id, promptId })).prompts, [{ id: promptId, state: 'cancelled' }]);
});

function remove(api: Api, id: string, promptId: string) {
  return api.fetch(`/v1/sessions/${id}/prompts/${promptId}`, { method: 'DELETE' });
}

async function read(api: Api, id: string): Promise<SessionView> {
  return (await (await api.fetch(`/v1/sessions/${id}`)).json()) as SessionView;
}

async function complete(api: Api, id: string, token: string): Promise<void> {
  const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  const known = { openCodeSessionId: 'ses_1', lastMessageId: null, fileSnapshot: null, todos: [] };
  const resume = { ...known, tokens, costUsd: 0 };
  const payload = { token, steps: [], resume, result: { text: 'Done.' }, commit: null };
  await api.actor.command(id, { name: 'report-completed', payload });
}

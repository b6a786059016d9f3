import type { Approval, SessionView } from '@oio/contracts';
import { createClient } from '@oio/sdk';
import test from 'ava';
import { anApproval, aRunningSession } from '../support/a-session.ts';
import { type Api, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const ASKS = { permissions: [{ tool: '*', action: 'ask' }], approvalSeconds: 60 };

test('what an agent waits for is listed with its session, over all sessions, and shown with it', async (t) => {
  await using api = await startApi(database());
  const [one, two] = [await aRunningSession(api, ASKS), await aRunningSession(api, ASKS)];
  const [first, second] = [await anApproval(api, one.id), await anApproval(api, two.id)];
  t.like(first, { status: 'pending', command: 'git push', sessionId: one.id, default: { action: 'deny' } });
  const pending = await listed(api, '/v1/approvals?status=pending&limit=200');
  t.true(pending.findIndex(({ id }) => id === second.id) < pending.findIndex(({ id }) => id === first.id));
  t.deepEqual(await listed(api, `/v1/sessions/${one.id}/approvals`), [first]);
  t.deepEqual(await listed(api, `/v1/approvals?sessionId=${two.id}`), [second]);
  const session = (await (await api.fetch(`/v1/sessions/${one.id}`)).json()) as SessionView;
  t.like(session, { waitingFor: 'approval', approvals: [first] });
});

test('an answer is recorded with who gave it, also when it is sent again', async (t) => {
  await using api = await startApi(database());
  const { id: sessionId } = await aRunningSession(api, ASKS);
  const { id } = await anApproval(api, sessionId);
  const send = () =>
    api.fetch(`/v1/approvals/${id}/answer`, {
      json: { action: 'allow' },
      headers: { 'idempotency-key': `allow-${id}` },
    });
  const answers = [await send(), await send()];
  for (const answer of answers) t.is(answer.status, 200);
  t.deepEqual(
    answers.map(({ headers }) => headers.get('idempotent-replayed')),
    [null, 'true'],
  );
  const record = (await answers[1]?.json()) as Approval;
  t.like(record, {
    status: 'answered',
    answer: { action: 'allow' },
    answeredBy: { kind: 'principal', id: 'user:alice' },
  });
  t.deepEqual(await listed(api, `/v1/approvals?status=pending&sessionId=${sessionId}`), []);
  t.deepEqual(await listed(api, `/v1/approvals?status=answered,expired&sessionId=${sessionId}`), [record]);
});

test('of thirty answers at the same time one counts, and the others are told which', async (t) => {
  await using api = await startApi(database());
  const { id } = await anApproval(api, (await aRunningSession(api, ASKS)).id);
  const answers = Array.from({ length: 30 }, (_, index) =>
    api.fetch(`/v1/approvals/${id}/answer`, { json: { action: index % 2 === 0 ? 'allow' : 'deny' } }),
  );
  const responses = await Promise.all(answers);
  const told = await Promise.all(responses.map(async (response) => (await response.json()) as Partial<Approval>));
  const [given, ...more] = told.filter((_, index) => responses[index]?.status === 200);
  t.deepEqual(more, []);
  for (const [index, { status }] of responses.entries())
    if (status !== 200) t.like(told[index], { status: 409, code: 'approval_closed' });
  t.deepEqual(await (await api.fetch(`/v1/approvals/${id}`)).json(), given);
});

test('what is closed cannot be answered, and it is said how it was closed', async (t) => {
  await using api = await startApi(database());
  const { id: sessionId } = await aRunningSession(api, ASKS);
  const [answered, withdrawn] = [await anApproval(api, sessionId), await anApproval(api, sessionId)];
  await api.fetch(`/v1/approvals/${answered.id}/answer`, { json: { action: 'deny', message: 'Not today.' } });
  await api.fetch(`/v1/sessions/${sessionId}/stop`, { json: {} });
  for (const [{ id }, detail] of [
    [answered, /answered by user:alice/],
    [withdrawn, /withdrawn.*stopped/],
  ] as const) {
    const response = await api.fetch(`/v1/approvals/${id}/answer`, { json: { action: 'allow' } });
    const problem = (await response.json()) as { code: string; detail: string };
    t.is(response.status, 409);
    t.is(problem.code, 'approval_closed');
    t.regex(problem.detail, detail);
  }
});

for (const [what, body, field] of [
  ['no action', {}, 'action'],
  ['an unknown action', { action: 'always' }, 'action'],
  ['texts for a permission', { action: 'answer', answers: [['yes']] }, 'action'],
  ['a message that is no text', { action: 'deny', message: 5 }, 'message'],
  ['a message that nobody can see', { action: 'deny', message: ' \u200b' }, 'message'],
  ['an unknown field', { action: 'allow', forEver: true }, 'forEver'],
] as const) {
  test(`an answer with ${what} is refused, and the field named`, async (t) => {
    await using api = await startApi(database());
    const { id } = await anApproval(api, (await aRunningSession(api, ASKS)).id);
    const response = await api.fetch(`/v1/approvals/${id}/answer`, { json: body });
    t.is(response.status, 422);
    const { violations } = (await response.json()) as { violations: { field: string }[] };
    t.deepEqual(
      violations.map((one) => one.field),
      [field],
    );
    t.like(await (await api.fetch(`/v1/approvals/${id}`)).json(), { status: 'pending' });
  });
}

test('who may only read sees what is asked, and cannot answer it', async (t) => {
  await using api = await startApi(database());
  const { id } = await anApproval(api, (await aRunningSession(api, ASKS)).id);
  t.is((await api.fetch(`/v1/approvals/${id}`, { key: KEYS.reader })).status, 200);
  const response = await api.fetch(`/v1/approvals/${id}/answer`, { json: { action: 'allow' }, key: KEYS.reader });
  t.is(response.status, 403);
});

test('the client lists page by page and answers', async (t) => {
  await using api = await startApi(database());
  await using client = createClient({ url: api.url, apiKey: KEYS.alice });
  const { id: sessionId } = await aRunningSession(api, ASKS);
  const asked = [await anApproval(api, sessionId), await anApproval(api, sessionId), await anApproval(api, sessionId)];
  const first = await client.listSessionApprovals({ id: sessionId, limit: 2 });
  const rest = await client.listSessionApprovals({ id: sessionId, limit: 2, cursor: first.nextCursor ?? '' });
  t.deepEqual(
    [...first.approvals, ...rest.approvals].map(({ id }) => id),
    asked.map(({ id }) => id).toReversed(),
  );
  t.is(rest.nextCursor, null);
  const [{ id } = { id: '' }] = asked;
  t.like(await client.answerApproval({ id }, { action: 'deny' }), { status: 'answered', answer: { action: 'deny' } });
  await t.throwsAsync(client.answerApproval({ id }, { action: 'allow' }), { code: 'approval_closed' });
});

async function listed(api: Api, path: string): Promise<readonly Approval[]> {
  const { approvals } = (await (await api.fetch(path)).json()) as { approvals: Approval[] };
  return approvals;
}

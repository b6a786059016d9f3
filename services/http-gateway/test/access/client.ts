import {
  type AppError,
  ConflictError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  UnauthenticatedError,
} from '@oio/errors';
import { type ClientOptions, createClient, type SessionMessage } from '@oio/sdk';
import test from 'ava';
import { aRunningSession } from '../support/a-session.ts';
import { type Api, draft, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const clientOf = (api: Api, options: Partial<ClientOptions> = {}) =>
  createClient({ url: api.url, apiKey: KEYS.alice, ...options });

test('the client speaks every kind of route', async (t) => {
  await using api = await startApi(database());
  await using client = clientOf(api);
  const tag = crypto.randomUUID();
  const { id, version } = await client.createSession({ title: 'Do it', prompt: 'x', tags: [tag], start: false });
  t.is((await client.startSession({ id })).status, 'queued');
  t.is(
    (await client.cancelSession({ id }, { reason: 'no longer needed' }, { ifVersion: version + 1 })).status,
    'cancelled',
  );
  t.deepEqual(
    (await client.listSessions({ tag })).sessions.map((session) => session.id),
    [id],
  );
  t.true(Array.isArray((await client.listSessions()).sessions));
  t.is((await client.getHistory({ id, after: 1 })).events.length, 2);
  t.deepEqual((await client.getSession({ id })).checkpoints, []);
  t.deepEqual(await client.getDiff({ id }), { diff: null });
  t.is((await client.getMetrics({ id })).retries, 0);
  t.true((await client.metrics()).startsWith('oio_up 1\n'));
  t.is((await client.ready()).status, 'ready');
  t.is((await client.openapi())['openapi'], '3.1.0');
  t.truthy((await client.deleteSession({ id })).deletedAt);
});

test('errors arrive as the classes that they were thrown as, violations and facts included', async (t) => {
  await using api = await startApi(database());
  await using client = clientOf(api);
  const invalid = await t.throwsAsync<AppError>(
    client.createSession({ title: 'untitled', prompt: 'x'.repeat(10_001) }),
    { instanceOf: InvalidError },
  );
  t.deepEqual(
    invalid?.violations.map(({ field }) => field),
    ['title', 'prompt'],
  );
  const unknown = { id: '019aa0e0-0000-7000-8000-000000000000' };
  await t.throwsAsync(client.getSession(unknown), { instanceOf: NotFoundError, code: 'session_not_found' });
  const { id } = await client.createSession(draft());
  const conflict = await t.throwsAsync<AppError>(client.resumeSession({ id }), { instanceOf: ConflictError });
  t.like(conflict?.facts, { status: 'queued', allowed: ['cancel'] });
  await t.throwsAsync(client.cancelSession({ id }, {}, { ifVersion: 1 }), {
    instanceOf: ConflictError,
    code: 'stale_version',
  });
  await using stranger = clientOf(api, { apiKey: 'wrong' });
  await t.throwsAsync(stranger.listSessions(), { instanceOf: UnauthenticatedError });
  await using reader = clientOf(api, { apiKey: KEYS.reader });
  await t.throwsAsync(reader.createSession(draft()), { instanceOf: ForbiddenError });
});

test('the same idempotency key gives the same session', async (t) => {
  await using api = await startApi(database());
  await using client = clientOf(api);
  const idempotencyKey = crypto.randomUUID();
  const [first, second] = await Promise.all([
    client.createSession(draft(), { idempotencyKey }),
    client.createSession(draft(), { idempotencyKey }),
  ]);
  t.is(first.id, second.id);
});

test('a stream of the client goes on by itself after the service was restarted, without a double or a gap', async (t) => {
  const first = await startApi(database());
  const { id } = await aRunningSession(first);
  await using client = clientOf(first);
  const messages = client.stream(id);
  const seqs: number[] = [];
  const read = async (upTo: number) => {
    while ((seqs.at(-1) ?? 0) < upTo) {
      const { value } = (await messages.next()) as { value: SessionMessage };
      if (value.kind === 'history') seqs.push(value.event.seq);
    }
  };
  await read(5);
  await first[Symbol.asyncDispose]();
  await using second = await startApi(database(), { environment: { API_PORT: new URL(first.url).port } });
  await second.actor.command(id, { name: 'checkpoint', payload: { data: 1 } });
  await read(6);
  t.deepEqual(seqs, [1, 2, 3, 4, 5, 6]);
  await messages.return();
});

test('a stream of the client ends when its session is deleted, and when the signal aborts', async (t) => {
  await using api = await startApi(database());
  await using client = clientOf(api);
  const { id } = await client.createSession(draft());
  const kinds: string[] = [];
  for await (const message of client.stream(id, { after: 1 })) {
    if (message.kind !== 'history') continue;
    kinds.push(message.event.type);
    if (message.event.type === 'session.queued') await client.cancelSession({ id });
    if (message.event.type === 'session.cancelled') await client.deleteSession({ id });
  }
  t.deepEqual(kinds, ['session.queued', 'session.cancelled', 'session.deleted']);
  const other = await client.createSession(draft());
  const controller = new AbortController();
  let received = 0;
  for await (const { kind } of client.stream(other.id, { signal: controller.signal })) {
    received += kind === 'history' ? 1 : 0;
    controller.abort();
  }
  t.true(received > 0);
  await t.throwsAsync(client.stream(id).next(), { instanceOf: NotFoundError });
});

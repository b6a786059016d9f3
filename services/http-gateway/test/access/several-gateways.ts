import type { SessionView } from '@oio/contracts';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { aSession } from '../support/a-session.ts';
import { EventStream } from '../support/event-stream.ts';
import { draft, type Gateway, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);

test('one key at two gateways at the same time is one session', async (t) => {
  await using one = await startApi(database());
  await using other = await one.another();
  const headers = { 'idempotency-key': newId() };
  const responses = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? one : other).fetch('/v1/sessions', { json: draft(), headers }),
    ),
  );
  const ids = await Promise.all(responses.map(async (response) => ((await response.json()) as SessionView).id));
  t.deepEqual(new Set(responses.map(({ status }) => status)), new Set([201]));
  t.is(new Set(ids).size, 1);
});

test('a stream goes on at another gateway where it was when its own stopped', async (t) => {
  await using one = await startApi(database());
  const gone = await one.another();
  const { id } = await aSession(one);
  const before = await EventStream.open(`${gone.url}/v1/sessions/${id}/stream`);
  t.is((await before.take(2)).at(-1)?.id, '2');
  await gone[Symbol.asyncDispose]();
  const end = (await before.rest()).at(-1);
  const { resumeAfter } = JSON.parse(end?.data ?? '') as { resumeAfter: number };
  await one.fetch(`/v1/sessions/${id}/cancel`, { json: {} });
  await using after = await EventStream.open(`${one.url}/v1/sessions/${id}/stream`, { lastEventId: resumeAfter });
  const [next] = await after.take(1);
  t.is(next?.id, '3');
});

test('what is ordered at one gateway ends the wait at another, and shows in its stream', async (t) => {
  await using one = await startApi(database(), { limits: { lookMs: 600_000 } });
  // Less than it would wait.
  t.timeout(50_000);
  await using other = await one.another();
  const { id } = await aSession(one);
  await using stream = await EventStream.open(`${other.url}/v1/sessions/${id}/stream`);
  await stream.take(2);
  const waiting = other.fetch(`/v1/sessions/${id}`, { headers: { prefer: 'wait=60' } });
  t.is((await one.fetch(`/v1/sessions/${id}/cancel`, { json: {} })).status, 200);
  t.like(await (await waiting).json(), { status: 'cancelled' });
  t.is((await stream.take(1))[0]?.id, '3');
});

test('a page that one gateway began another one continues', async (t) => {
  await using one = await startApi(database());
  await using other = await one.another();
  const tag = newId();
  const ids = [await aSession(one, { tags: [tag] }), await aSession(other, { tags: [tag] })].map(({ id }) => id);
  const page = async (api: Gateway, cursor: string) => {
    const response = await api.fetch(`/v1/sessions?tag=${tag}&limit=1${cursor}`);
    return (await response.json()) as { sessions: SessionView[]; nextCursor: string | null };
  };
  const first = await eventually(async () => {
    const found = await page(one, '');
    return found.nextCursor ? found : null;
  });
  const second = await page(other, `&cursor=${first.nextCursor}`);
  t.deepEqual([second.sessions[0]?.id, first.sessions[0]?.id], ids);
});

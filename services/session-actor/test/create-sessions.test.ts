import { createSessions, newSession } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import { newId } from '@oio/runtime';
import test from 'ava';
import { client, World } from './support/world.ts';

const world = await World.open();
await world.startActor();
test.after.always(() => world[Symbol.asyncDispose]());

const many = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => ({
    index: 10 + index,
    id: newId(),
    session: newSession.parse({ title: `Part ${index} of it`, prompt: 'Do it.', ...more }),
  }));

const submit = (sessions: ReturnType<typeof many>, envelope = client(newId())) =>
  world.bus.request(createSessions, { sessions }, { ...envelope, sessionId: null });

test.serial('many sessions are accepted by one order, each under the index and id that it came with', async (t) => {
  const sessions = many(100);
  const { accepted, refused } = await submit(sessions);
  t.deepEqual(refused, []);
  t.deepEqual(
    accepted,
    sessions.map(({ index, id }) => ({ index, id, status: 'queued' as const })),
  );
  t.like((await world.stored(sessions[7]?.id ?? ''))?.snapshot, {
    status: 'queued',
    session: { title: 'Part 7 of it' },
  });
});

test.serial('the place that many have in common is looked at once', async (t) => {
  let looks = 0;
  world.gateway.onInspect = async () => void (looks += 1);
  await submit([...many(20), ...many(20, { directory: '/elsewhere' })]);
  t.is(looks, 2);
});

test.serial('the same order again, also at another worker, is the same sessions', async (t) => {
  const [sessions, envelope] = [many(30), client(newId())];
  const first = await submit(sessions, envelope);
  await world.startActor();
  const again = await Promise.all(Array.from({ length: 4 }, () => submit(sessions, envelope)));
  for (const reply of again) t.deepEqual(reply, first);
  t.deepEqual(await world.history(sessions[0]?.id ?? ''), ['session.created', 'session.queued']);
});

test.serial('each is refused for itself, and what is wrong is named', async (t) => {
  const [taken, good, twin] = many(3);
  if (!taken || !good || !twin) return t.fail();
  await submit([taken]);
  const late = { ...twin, session: { ...twin.session, notBefore: '2020-01-01T00:00:00Z' } };
  const { accepted, refused } = await submit([taken, good, late]);
  t.deepEqual(
    accepted.map(({ index }) => index),
    [good.index],
  );
  t.deepEqual(
    refused.map(({ index, code, again }) => ({ index, code, again })),
    [
      { index: taken.index, code: 'id_taken', again: false },
      { index: late.index, code: 'invalid', again: false },
    ],
  );
  t.is(refused[1]?.violations[0]?.field, 'notBefore');
});

test.serial('one of many takes commands as any other', async (t) => {
  const [one] = many(1);
  if (!one) return t.fail();
  await submit([one]);
  t.like(await world.order(one.id, 'cancel', {}), { outcome: 'applied', status: 'cancelled' });
});

test.serial('an order for none is refused', async (t) => {
  await t.throwsAsync(submit([]), { instanceOf: InvalidError });
});

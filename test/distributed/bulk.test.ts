import test from 'ava';
import { startSmallFleet } from './support/small-fleet.ts';

test('a thousand sessions are submitted in one request and cancelled by another', async (t) => {
  await using fleet = await startSmallFleet();
  await fleet.start('session-actor');
  const { client, directory } = fleet;
  const session = { prompt: 'Do it.', model: 'stand-in/m', directory, tags: ['nightly'], start: false };
  const sessions = Array.from({ length: 1_000 }, (_, index) => ({ ...session, title: `Part ${index}` }));
  const idempotencyKey = crypto.randomUUID();
  const { accepted, refused } = await client.submitSessions({ sessions }, { idempotencyKey });
  t.deepEqual(refused, []);
  t.is(new Set(accepted.map(({ id }) => id)).size, 1_000);
  t.deepEqual((await client.submitSessions({ sessions }, { idempotencyKey })).accepted, accepted);
  const outcome = await client.orderSessions({ order: 'cancel', filter: { tag: 'nightly' } });
  t.is(outcome.done.length, 1_000);
  t.true(outcome.done.every(({ status }) => status === 'cancelled'));
  const [row] = await fleet.backing.database.database.query<{ count: number }>(
    `select count(*)::int as count from sessions where status = 'cancelled'`,
  );
  t.is(row?.count, 1_000);
});

import { ConflictError, InvalidError } from '@oio/errors';
import { newId } from '@oio/runtime';
import test from 'ava';
import { client, World } from './support/world.ts';

const world = await World.open();
const actor = await world.startActor();
await world.startActor();
test.after.always(() => world[Symbol.asyncDispose]());

const REJECT = { onConflict: 'reject' } as const;
const IN_USE = { instanceOf: ConflictError, code: 'concurrency_key_in_use' };

function allow(concurrent: number, name: string | null) {
  const rules = JSON.stringify([{ scope: 'concurrencyKey', name, concurrent }]);
  return world.database.query(
    `insert into limits values ('limits', $1::json) on conflict (name) do update set rules = excluded.rules`,
    [rules],
  );
}

test.serial('of many that are to be the only one with their key, at two workers, one is accepted', async (t) => {
  const orders = Array.from({ length: 20 }, () => world.create({ concurrencyKey: 'deploy', ...REJECT }));
  const outcomes = await Promise.allSettled(orders);
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  const refusals = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as ConflictError] : [],
  );
  t.true(refusals.every((error) => error instanceof ConflictError && error.code === IN_USE.code));
  const [row] = await world.database.query<{ count: number }>(
    `select count(*)::int as count from sessions where concurrency_key = 'deploy'`,
  );
  t.is(row?.count, 1);
});

test.serial(
  'its key is free again once the one that used it has ended, and never in use for another tenant',
  async (t) => {
    const { sessionId } = await world.create({ concurrencyKey: 'release' });
    const refusal = await t.throwsAsync<ConflictError>(world.create({ concurrencyKey: 'release', ...REJECT }), IN_USE);
    t.deepEqual(refusal?.facts['heldBy'], [sessionId], 'it is told who has the key');
    t.is((await world.create({ concurrencyKey: 'release', ...REJECT }, { tenant: 'umbrella' })).outcome, 'applied');
    t.is((await world.create({ concurrencyKey: 'release', onConflict: 'queue' })).outcome, 'applied');
    await world.order(sessionId, 'cancel', {});
    await t.throwsAsync(world.create({ concurrencyKey: 'release', ...REJECT }), IN_USE);
  },
);

test.serial('as many are accepted as an operator lets work at the same time', async (t) => {
  await allow(2, null);
  for (let count = 0; count < 2; count += 1) await world.create({ concurrencyKey: 'two', ...REJECT });
  await t.throwsAsync(world.create({ concurrencyKey: 'two', ...REJECT }), IN_USE);
  await allow(3, 'two');
  await world.create({ concurrencyKey: 'two', ...REJECT });
  await t.throwsAsync(world.create({ concurrencyKey: 'two', ...REJECT }), IN_USE);
});

test.serial(
  'an order that comes again, and one whose commit was not answered, is the one that was accepted',
  async (t) => {
    const envelope = client(newId());
    const submit = () => world.create({ concurrencyKey: 'again', ...REJECT }, envelope);
    actor.database.loseAnswersOfCommits(1);
    const replies = [await submit(), await submit()];
    t.true(replies.every(({ status }) => status === 'queued'));
    t.is((await submit()).outcome, 'repeated');
    await t.throwsAsync(world.create({ concurrencyKey: 'again', ...REJECT }), IN_USE);
  },
);

test.serial('without a key there is no conflict to speak of', async (t) => {
  const error = await t.throwsAsync(world.create({ ...REJECT }), { instanceOf: InvalidError });
  t.is(error.violations[0]?.field, 'onConflict');
});

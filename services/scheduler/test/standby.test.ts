import { ConflictError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { openFleet } from './support/open-fleet.ts';
import { runs } from './support/runs.ts';

test.serial('only one scheduler is active, and when it stops another takes over under a new epoch', async (t) => {
  await using fleet = await openFleet();
  const { actor, database } = fleet;
  // Nobody loses a lease because the machine is slow.
  const first = await fleet.startScheduler({ leaseMs: 60_000 });
  t.true(await eventually(() => first.isActive));
  const second = await fleet.startScheduler({ leaseMs: 60_000 });
  fleet.announce('one', 5);
  const before = await actor.submit();
  t.true(await runs(actor, before));
  t.false(second.isActive);

  await first[Symbol.asyncDispose]();
  t.true(await eventually(() => second.isActive));
  const after = await actor.submit();
  t.true(await runs(actor, after));
  const [leader] = await database.query<{ epoch: number }>('select epoch::int as epoch from leaders');
  t.is(leader?.epoch, 2);
});

test.serial('a leader whose process is gone is followed at once, long before its lease ends', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  fleet.announce('one', 5);
  const locks = await fleet.openLocks();
  const first = await fleet.startScheduler({ leaseMs: 60_000, locks });
  t.true(await eventually(() => first.isActive));
  const second = await fleet.startScheduler({ leaseMs: 2_000 });
  t.true(await runs(actor, await actor.submit()));
  t.false(second.isActive);
  await locks[Symbol.asyncDispose]();
  t.true(await eventually(() => second.isActive));
  t.true(await runs(actor, await actor.submit()));
});

test.serial('a dispatch of a deposed scheduler changes nothing', async (t) => {
  await using fleet = await openFleet();
  const { actor, database, router } = fleet;
  const scheduler = await fleet.startScheduler();
  t.true(await eventually(() => scheduler.isActive));
  const id = await actor.submit();
  await database.query(
    `update leaders set holder = gen_random_uuid(), epoch = epoch + 1, lease_until = now() + interval '1 hour'`,
  );
  const dispatch = router.send(
    'dispatch',
    { serverId: 'one', schedulerEpoch: 1 },
    { ...serviceEnvelope('scheduler', { tenant: 'acme' }), sessionId: id },
  );
  await t.throwsAsync(dispatch, { instanceOf: ConflictError });
  const [row] = await database.query('select status, version::int as version from sessions');
  t.deepEqual(row, { status: 'queued', version: 2 });

  t.true(await eventually(() => !scheduler.isActive));
  fleet.announce('one', 5);
  t.is(actor.snapshot(id).status, 'queued');
});

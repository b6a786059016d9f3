import { UnavailableError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { openFleet } from './support/open-fleet.ts';
import { enterSchedule, firesOf } from './support/schedules.ts';

test.serial(
  'what is due runs, under the active scheduler only, and under the next one once that is gone',
  async (t) => {
    await using fleet = await openFleet();
    const { actor, database } = fleet;
    fleet.announce('one', 5);
    const first = await fleet.startScheduler();
    t.true(await eventually(() => first.isActive));
    const second = await fleet.startScheduler();
    const id = await enterSchedule(database, { nextFireAt: `now() + interval '300 milliseconds'`, overlap: 'queue' });
    t.true(await eventually(async () => (await firesOf(database, id))[0]?.outcome === 'submitted'));
    const [fire] = await firesOf(database, id);
    t.true(await eventually(() => actor.dispatched.includes(fire?.sessionId ?? '')));

    await first[Symbol.asyncDispose]();
    await database.query('update schedules set next_fire_at = clock_timestamp()');
    t.true(await eventually(() => second.isActive));
    t.true(await eventually(async () => (await firesOf(database, id))[1]?.outcome === 'submitted'));
    const [row] = await database.query<{ count: number }>('select count(*)::int as count from sessions');
    t.is(row?.count, 2);
  },
);

test.serial(
  'a scheduler that was deposed between submission and record leaves one session, and its successor records it',
  async (t) => {
    await using fleet = await openFleet();
    const { actor, database, router } = fleet;
    fleet.announce('one', 5);
    const send = router.send.bind(router);
    let submissions = 0;
    // Made, and the answer never comes; the scheduler that waits for it is deposed.
    router.send = async (name, payload, envelope) => {
      const reply = await send(name, payload, envelope);
      if (name !== 'create') return reply;
      submissions += 1;
      if (submissions > 1) return reply;
      await database.query(`update leaders set holder = gen_random_uuid(), epoch = epoch + 1, lease_until = now()`);
      throw new UnavailableError('The answer was lost.');
    };
    const first = await fleet.startScheduler();
    t.true(await eventually(() => first.isActive));
    const id = await enterSchedule(database);
    t.true(await eventually(() => submissions > 0));
    await fleet.startScheduler();
    t.true(await eventually(async () => (await firesOf(database, id))[0]?.outcome === 'submitted'));
    t.true(submissions > 1);
    const [{ sessionId } = { sessionId: '' }, ...others] = await firesOf(database, id);
    t.deepEqual(others, []);
    t.is(actor.history.filter(({ type }) => type === 'session.created').length, 1);
    t.is(actor.snapshot(sessionId).id, sessionId);
  },
);

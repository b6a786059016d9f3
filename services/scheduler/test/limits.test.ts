import { isDeepStrictEqual } from 'node:util';
import { explainWaiting } from '@oio/contracts';
import { serviceEnvelope } from '@oio/messaging';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { openFleet } from './support/open-fleet.ts';
import { runs } from './support/runs.ts';

test.serial(
  'limits are set while sessions run, and hold at once: what is above a lowered one runs on and nothing is added',
  async (t) => {
    await using fleet = await openFleet();
    const { actor } = fleet;
    await fleet.setLimits([{ scope: 'tenant', name: 'acme', concurrent: 3 }]);
    const scheduler = await fleet.startScheduler();
    fleet.announce('one', 50);
    const ids: string[] = [];
    for (let count = 0; count < 8; count += 1) ids.push(await actor.submit());
    t.true(await eventually(() => actor.dispatched.length === 3));
    await fleet.setLimits([{ scope: 'tenant', name: 'acme', concurrent: 1 }]);
    const because = (): unknown => scheduler.explain(ids[7] ?? '')?.because;
    t.true(
      await eventually(() =>
        isDeepStrictEqual(because(), {
          reason: 'limit',
          scope: 'tenant',
          name: 'acme',
          limit: 1,
          used: 3,
          heldBy: ids.slice(0, 3),
        }),
      ),
    );
    for (const id of ids.slice(0, 2)) await actor.complete(id);
    t.is(scheduler.explain(ids[7] ?? '')?.position, 5);
    t.is(actor.dispatched.length, 3);
    await actor.complete(ids[2] ?? '');
    t.true(await eventually(() => actor.dispatched.length === 4));
    await fleet.setLimits([]);
    t.true(await eventually(() => actor.dispatched.length === 8));
  },
);

test.serial('of the sessions with the same key of their client one works at a time', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  fleet.announce('one', 5);
  const first = await actor.submit({ concurrencyKey: 'deploy' });
  t.true(await runs(actor, first));
  const second = await actor.submit({ concurrencyKey: 'deploy' });
  t.true(await runs(actor, await actor.submit({ concurrencyKey: 'other' })));
  t.deepEqual(scheduler.explain(second)?.because, {
    reason: 'limit',
    scope: 'concurrencyKey',
    name: 'deploy',
    limit: 1,
    used: 1,
    heldBy: [first],
  });
  await actor.complete(first);
  t.true(await runs(actor, second));
});

test.serial('the active scheduler answers why a session waits', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  t.true(await eventually(() => scheduler.isActive));
  await fleet.startScheduler();
  const id = await actor.submit();
  t.true(await eventually(() => scheduler.explain(id) !== null));
  const answer = await fleet.bus.request(explainWaiting, { sessionId: id }, serviceEnvelope('test'));
  t.is(answer.waiting?.because.reason, 'no_server');
  const none = await fleet.bus.request(explainWaiting, { sessionId: newId() }, serviceEnvelope('test'));
  t.is(none.waiting, null);
});

test.serial('a restarted scheduler counts what runs already', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const first = await fleet.startScheduler({ limit: 2 });
  fleet.announce('one', 5);
  const [a, b] = [await actor.submit(), await actor.submit()];
  t.true(await eventually(() => actor.dispatched.length === 2));
  await first[Symbol.asyncDispose]();
  const waiting = await actor.submit();
  const second = await fleet.startScheduler({ limit: 2 });
  t.true(
    await eventually(() =>
      isDeepStrictEqual(second.explain(waiting)?.because, {
        reason: 'limit',
        scope: 'global',
        name: '',
        limit: 2,
        used: 2,
        heldBy: [a, b],
      }),
    ),
  );
  await actor.complete(a);
  t.true(await runs(actor, waiting));
  t.is(actor.snapshot(b).status, 'running');
});

test.serial(
  'the limit of a server is named with who holds it, and where none may start no start is foretold',
  async (t) => {
    await using fleet = await openFleet();
    const { actor } = fleet;
    await fleet.setLimits([{ scope: 'server', name: 'one', concurrent: 2 }]);
    const scheduler = await fleet.startScheduler();
    fleet.announce('one', 5);
    const [first, second] = [await actor.submit(), await actor.submit()];
    t.true((await runs(actor, first)) && (await runs(actor, second)));
    const third = await actor.submit();
    const limit = {
      reason: 'limit',
      scope: 'server',
      name: 'one',
      limit: 2,
      used: 2,
      heldBy: [first, second].toSorted(),
    };
    t.true(await eventually(() => isDeepStrictEqual(scheduler.explain(third)?.because, limit)));
    t.is(typeof scheduler.explain(third)?.estimatedStart, 'string');
    await fleet.setLimits([{ scope: 'server', name: 'one', concurrent: 0 }]);
    t.true(await eventually(() => isDeepStrictEqual(scheduler.explain(third)?.because, { ...limit, limit: 0 })));
    t.is(scheduler.explain(third)?.estimatedStart, null);
  },
);

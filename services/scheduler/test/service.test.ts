import { isDeepStrictEqual } from 'node:util';
import { explainWaiting } from '@oio/contracts';
import { serviceEnvelope } from '@oio/messaging';
import { createSetClock } from '@oio/runtime';
import test from 'ava';
import { eventually } from '@oio/runtime/testing';
import { openFleet } from './support/open-fleet.ts';
import { runs } from './support/runs.ts';

test.serial('sessions run in the order of priority, then of waiting', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const deferred = await actor.submit({ priority: 'deferred' });
  const medium = await actor.submit();
  const laterMedium = await actor.submit();
  const critical = await actor.submit({ priority: 'critical' });
  await fleet.startScheduler({ limit: 1 });
  fleet.announce('one', 5);

  const expected = [critical, medium, laterMedium, deferred];
  for (const [index, id] of expected.entries()) {
    t.true(await eventually(() => isDeepStrictEqual(actor.dispatched, expected.slice(0, index + 1))));
    await actor.complete(id);
  }
});

test.serial('a session runs within milliseconds when a slot is free', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler({ sweepMs: 60_000 });
  fleet.announce('one', 5);
  t.true(await eventually(() => scheduler.isActive));
  const warmUp = await actor.submit();
  t.true(await runs(actor, warmUp));
  const startedAt = performance.now();
  const id = await actor.submit();
  t.true(await runs(actor, id, 1_000));
  t.log(`${Math.round(performance.now() - startedAt)} ms`);
});

test.serial('the limits hold while sessions come and go: all sessions, and each server', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  await fleet.startScheduler({ limit: 5 });
  fleet.announce('one', 2);
  fleet.announce('two', 4);
  const ids = await Promise.all(Array.from({ length: 30 }, () => actor.submit()));
  const ended = new Set<string>();
  while (ended.size < ids.length) {
    const working = ids.filter((id) => actor.snapshot(id).status === 'running');
    t.true(working.length <= 5);
    t.true(working.filter((id) => actor.snapshot(id).attempt?.serverId === 'one').length <= 2);
    t.true(working.filter((id) => actor.snapshot(id).attempt?.serverId === 'two').length <= 4);
    const isNext = (id: string): boolean => actor.snapshot(id).status === 'running';
    t.true(await eventually(() => ids.some(isNext)));
    const next = ids.find(isNext) ?? '';
    await actor.complete(next);
    ended.add(next);
  }
  t.is(actor.dispatched.length, 30);
  t.is(mostAtOnce(actor.history.map(({ type }) => type)), 5);
});

test.serial('in place only one session works per directory, also while it is paused', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  fleet.announce('one', 5);
  const first = await actor.submit({ inPlace: '/shop' });
  t.true(await runs(actor, first));
  const second = await actor.submit({ inPlace: '/shop' });
  const elsewhere = await actor.submit({ inPlace: '/office' });
  t.true(await runs(actor, elsewhere));
  t.deepEqual(scheduler.explain(second)?.because, { reason: 'directory_busy', directory: '/shop', heldBy: first });

  await actor.order(first, { name: 'pause', payload: {} });
  const bystander = await actor.submit();
  t.true(await runs(actor, bystander));
  t.is(actor.snapshot(second).status, 'queued');

  await actor.order(first, { name: 'resume', payload: {} });
  t.true(await runs(actor, first));
  t.is(actor.snapshot(second).status, 'queued');
  await actor.complete(first);
  t.true(await runs(actor, second));
});

test.serial('a resumed session goes back to its own server and waits for room there', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  fleet.announce('one', 1);
  const first = await actor.submit();
  t.true(await runs(actor, first));
  await actor.order(first, { name: 'pause', payload: {} });
  const second = await actor.submit();
  t.true(await runs(actor, second));
  fleet.announce('two', 5);
  await actor.order(first, { name: 'resume', payload: {} });
  t.true(
    await eventually(() =>
      isDeepStrictEqual(scheduler.explain(first)?.because, {
        reason: 'no_server',
        serverId: 'one',
        detail: 'all_full',
        waitMs: null,
      }),
    ),
  );

  const third = await actor.submit();
  t.true(await runs(actor, third));
  t.is(actor.snapshot(first).status, 'paused');
  await actor.complete(second);
  t.true(await runs(actor, first));
  t.is(actor.snapshot(first).attempt?.serverId, 'one');
});

test.serial('a session that is retried while its last turn is being ended runs as soon as that is shown', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  await fleet.startScheduler({ sweepMs: 60_000 });
  fleet.announce('one', 5);
  const id = await actor.submit();
  t.true(await runs(actor, id));
  await actor.prepare(id);
  await actor.order(id, { name: 'stop', payload: {} });
  await actor.order(id, { name: 'retry', payload: {} });
  const bystander = await actor.submit();
  t.true(await runs(actor, bystander));
  t.is(actor.snapshot(id).status, 'queued');
  const why = await fleet.bus.request(explainWaiting, { sessionId: id }, serviceEnvelope('test'));
  t.like(why.waiting, { because: { reason: 'last_turn', serverId: 'one' }, position: null });
  await actor.order(id, { name: 'report-closed', payload: { token: '1.1', proof: 'It is idle.' } });
  t.true(await runs(actor, id, 30_000), 'not only by the next sweep');
});

test.serial('without a healthy server a session waits and says why', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  fleet.announce('one', 5, false);
  const id = await actor.submit();
  t.true(
    await eventually(() =>
      isDeepStrictEqual(scheduler.explain(id)?.because, {
        reason: 'no_server',
        serverId: null,
        detail: 'none_healthy',
        waitMs: null,
      }),
    ),
  );
  fleet.announce('one', 5);
  t.true(await runs(actor, id));
});

test.serial('the sweep finds a queued session whose event was lost', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const scheduler = await fleet.startScheduler();
  fleet.announce('one', 5);
  t.true(await eventually(() => scheduler.isActive));
  actor.loses = ({ type }) => type === 'session.queued';
  const id = await actor.submit();
  t.true(await runs(actor, id, 2_000));
});

test.serial('the sweep frees the slot of a session whose end was not heard of', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  await fleet.startScheduler({ limit: 1 });
  fleet.announce('one', 5);
  const first = await actor.submit();
  t.true(await runs(actor, first));
  actor.loses = ({ sessionId }) => sessionId === first;
  const second = await actor.submit();
  await actor.complete(first);
  t.true(await runs(actor, second, 2_000));
});

test.serial('a long queue is read from the database piece by piece, in order', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const ids: string[] = [];
  for (let index = 0; index < 60; index += 1) ids.push(await actor.submit());
  await fleet.startScheduler({ queueHead: 10, limit: 100, sweepMs: 60_000 });
  fleet.announce('one', 100);
  t.true(await eventually(() => actor.dispatched.length === 60));
  // One whose answer takes its time is sent again.
  t.deepEqual([...new Set(fleet.sent)], ids);
});

test.serial('a dispatch that nobody takes is repeated until somebody does, and takes effect once', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const id = await actor.submit();
  await actor.die();
  await fleet.startScheduler();
  fleet.announce('one', 5);
  const other = await fleet.startActor();
  t.true(await runs(other, id, 15_000));
  t.deepEqual(other.dispatched, [id]);
});

test.serial('a timer fires once, never early, and soon by the clock of the database', async (t) => {
  await using fleet = await openFleet();
  const { actor, database } = fleet;
  const wrong = createSetClock();
  wrong.set(new Date(Date.now() + 3_600_000));
  await fleet.startScheduler({ clock: wrong });
  fleet.announce('one', 5);
  const id = await actor.submit({ checkpointIntervalSeconds: 1 });
  t.true(await runs(actor, id));
  const { checkpoint } = actor.snapshot(id).timers;
  const fireAt = Date.parse(checkpoint?.fireAt ?? '');
  t.true(await eventually(() => actor.snapshot(id).checkpoints.count > 0));

  const firedAt = Date.parse(actor.snapshot(id).checkpoints.last?.timestamp ?? '');
  t.true(firedAt >= fireAt, `early by ${fireAt - firedAt} ms`);
  t.true(firedAt - fireAt <= 15_000, `late by ${firedAt - fireAt} ms`);
  t.log(`late by ${firedAt - fireAt} ms`);
  const commandId = `timer:${id}:checkpoint:${checkpoint?.generation}`;
  const rows = await database.query('select 1 from session_events where command_id = $1', [commandId]);
  t.is(rows.length, 1);
  t.is(actor.commands.filter(({ envelope }) => envelope.id === commandId).length, 1);
});

test.serial('the sessions of a dead owner are adopted by another', async (t) => {
  await using fleet = await openFleet();
  const { actor, database } = fleet;
  await fleet.startScheduler();
  fleet.announce('one', 5);
  const ids = [await actor.submit(), await actor.submit()];
  t.true(await eventually(() => actor.dispatched.length === 2));
  const other = await fleet.startActor();
  await actor.die();
  const adopted = (): unknown[] =>
    other.commands.filter(({ name }) => name === 'adopt').map(({ envelope }) => envelope.sessionId);
  t.true(await eventually(() => isDeepStrictEqual(new Set(adopted()), new Set(ids))));
  const owners = await database.query<{ owner: string }>('select distinct owner from sessions');
  t.deepEqual(owners, [{ owner: other.incarnation }]);
});

test.serial('a session that lost one owner after the other waits no longer for the next because of that', async (t) => {
  await using fleet = await openFleet();
  const { actor, database } = fleet;
  await fleet.startScheduler();
  fleet.announce('one', 5);
  const id = await actor.submit();
  t.true(await eventually(() => actor.dispatched.length === 1));
  const startedAt = performance.now();
  let owner = actor;
  for (let deaths = 0; deaths < 4; deaths += 1) {
    const next = await fleet.startActor();
    await owner.die();
    t.true(await eventually(() => next.commands.some(({ envelope }) => envelope.sessionId === id)));
    owner = next;
  }
  const [row] = await database.query<{ owner: string }>('select owner from sessions');
  t.is(row?.owner, owner.incarnation);
  // After three failures in a row the pauses alone would add up to seven seconds.
  t.true(performance.now() - startedAt < 7_000);
});

test.serial(
  'a worker that comes when none is left is given what was owned, however often that has failed',
  async (t) => {
    await using fleet = await openFleet();
    const { actor } = fleet;
    await fleet.startScheduler();
    fleet.announce('one', 5);
    const id = await actor.submit();
    t.true(await eventually(() => actor.dispatched.length === 1));
    await actor.die();
    // Nobody takes it: by then it has failed twice, and rests for two seconds.
    t.true(await eventually(() => fleet.failedAdoptions() === 2));
    const late = await fleet.startActor();
    const cameAt = performance.now();
    t.true(await eventually(() => late.commands.some(({ envelope }) => envelope.sessionId === id)));
    t.true(performance.now() - cameAt < 1_500);
  },
);

/** The most sessions that were at work at the same time, by the order of the commits. */
function mostAtOnce(types: readonly string[]): number {
  let now = 0;
  let most = 0;
  for (const type of types) {
    if (type === 'session.running') now += 1;
    if (type === 'session.completed') now -= 1;
    most = Math.max(most, now);
  }
  return most;
}

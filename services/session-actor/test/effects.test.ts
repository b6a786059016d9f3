import { sessionCommands } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import { UnavailableError } from '@oio/errors';
import { workerAddress } from '@oio/ownership';
import test from 'ava';
import { eventually } from '@oio/runtime/testing';
import { FakeGateway } from './support/fake-gateway.ts';
import { completedReport, RESUME, step } from './support/reports.ts';
import { client, SERVER, World } from './support/world.ts';

test('an attempt is ordered once its dispatch is committed, complete in itself', async (t) => {
  await using world = await World.open();
  await world.startActor();
  await world.gateway.serves(SERVER);
  const seen: unknown[] = [];
  world.gateway.onExecute = async ({ sessionId }) => void seen.push((await world.stored(sessionId))?.snapshot?.status);
  const sessionId = await world.running({ prompt: 'Write a parser.' });
  await eventually(async () => world.gateway.executed.length === 1, { what: 'the order' });
  t.deepEqual(seen, ['running']);
  const attempt = (await world.stored(sessionId))?.snapshot?.attempt;
  t.like(world.gateway.executed[0], {
    sessionId,
    tenant: 'acme',
    token: '1.1',
    serverId: SERVER,
    messageId: attempt?.messageId,
    prompt: 'Write a parser.',
    prepared: false,
  });
});

test('an order that nobody takes is given again until somebody does, and its taker confirmed now and then', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const sessionId = await world.running();
  await world.gateway.serves(SERVER);
  await eventually(async () => world.gateway.ordersFor(sessionId).length === 1, { what: 'the order is taken' });
  await eventually(async () => world.gateway.confirmed > 1, { what: 'the taker is confirmed' });
  t.is(world.gateway.ordersFor(sessionId).length, 1);
});

test('a former owner that was never told of it stops to order what another one owns', async (t) => {
  await using world = await World.open();
  const former = await world.startActor();
  const sessionId = await world.running();
  const ordersOf = (owner: string) => world.gateway.ordersFor(sessionId).filter((order) => order.owner === owner);
  await world.gateway.serves(SERVER);
  await eventually(() => ordersOf(former.incarnation).length > 0, { what: 'its order' });
  const heir = await world.startActor();
  const take = 'update sessions set owner = $2::uuid, owner_epoch = owner_epoch + 1 where id = $1::uuid';
  await world.database.query(take, [sessionId, heir.incarnation]);
  await eventually(() => ordersOf(heir.incarnation).length > 0, { what: 'the order of the heir' });
  world.gateway.missing.add(sessionId);
  const [before, asked] = [ordersOf(former.incarnation).length, world.gateway.confirmed];
  await eventually(() => world.gateway.confirmed >= asked + 3, { what: 'the takers are asked' });
  t.is(ordersOf(former.incarnation).length, before);
});

test('a gateway that hangs gets no order while another one is heard of', async (t) => {
  await using world = await World.open();
  await using frozen = new FakeGateway(world.bus);
  using thaw = new DisposableStack();
  const held: string[] = [];
  frozen.onExecute = ({ sessionId }) => {
    held.push(sessionId);
    return new Promise((resolve) => thaw.defer(resolve));
  };
  await frozen.serves(SERVER, 'frozen');
  await world.gateway.announces(SERVER, 'living');
  await world.startActor();
  const isTaken = (sessionId: string) => world.gateway.ordersFor(sessionId).length > 0;
  const first = await world.running();
  await eventually(() => isTaken(first), { what: 'the living one is heard of' });
  const sessions = [await world.running(), await world.running(), await world.running()];
  await eventually(() => sessions.every(isTaken), { what: 'the orders' });
  t.deepEqual(
    held.filter((sessionId) => sessionId !== first),
    [],
  );
});

test('an attempt whose taker is gone, or does not have it, is ordered again, under a higher fence each time', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const gone = await world.gateway.serves(SERVER, 'g1');
  const sessionId = await world.running();
  const orders = () => world.gateway.ordersFor(sessionId);
  await eventually(async () => orders().length === 1, { what: 'the first order' });
  await gone();
  await world.gateway.serves(SERVER, 'g2');
  await eventually(async () => orders().length === 2, { what: 'the second order' });
  world.gateway.missing.add(sessionId);
  await eventually(async () => orders().length > 2, { what: 'the third order' });
  const [first, second, third] = orders().map(({ fence }) => fence);
  t.deepEqual([first, second, third], [1_000_001, 1_000_002, 1_000_003]);
  t.is(new Set(orders().map(({ token }) => token)).size, 1);
  t.true(orders().every(({ epoch }) => epoch === 1));
});

test('a session that its owner has lost and won back is ordered again, under the new epoch', async (t) => {
  await using world = await World.open();
  const { incarnation } = await world.startActor();
  await world.gateway.serves(SERVER);
  const sessionId = await world.running();
  await eventually(async () => world.gateway.ordersFor(sessionId).length === 1, { what: 'the first order' });
  await world.database.query('update sessions set owner = null, owner_epoch = owner_epoch + 1 where id = $1::uuid', [
    sessionId,
  ]);
  await eventually(
    async () =>
      (await world.send(sessionId, 'adopt', {}, { to: incarnation }).catch(() => null))?.outcome === 'applied',
    { what: 'it is adopted' },
  );
  await eventually(async () => world.gateway.ordersFor(sessionId).length > 1, { what: 'the second order' });
  t.like(world.gateway.ordersFor(sessionId).at(-1), { epoch: 3, fence: 3_000_001, token: '1.1' });
});

test('a session whose server nobody reaches is degraded, and recovers', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const sessionId = await world.running();
  const status = async () => (await world.stored(sessionId))?.snapshot?.status;
  await eventually(async () => (await status()) === 'degraded', { what: 'the session is degraded', withinMs: 60_000 });
  t.is((await world.stored(sessionId))?.snapshot?.failure?.code, 'server_unreachable');
  await world.gateway.serves(SERVER);
  await eventually(async () => (await status()) === 'running', { what: 'the session has recovered' });
});

test('a stop aborts the run, after its commit', async (t) => {
  await using world = await World.open();
  await world.startActor();
  await world.gateway.serves(SERVER);
  const sessionId = await world.running();
  await world.order(sessionId, 'stop', {});
  await eventually(async () => world.gateway.aborted.length === 1, { what: 'the abort' });
  t.deepEqual(world.gateway.aborted, [{ sessionId, token: '1.1', epoch: 1, fence: 1_000_001 }]);
});

test('when the answer to a commit is lost, the effect still starts, once', async (t) => {
  await using world = await World.open();
  const { database } = await world.startActor();
  await world.gateway.serves(SERVER);
  const { sessionId } = await world.create();
  database.loseAnswersOfCommits(1);
  const reply = await world.send(sessionId, 'dispatch', { serverId: SERVER, schedulerEpoch: 1 });
  t.like(reply, { outcome: 'applied', status: 'running', version: 3 });
  await eventually(async () => world.gateway.executed.length === 1, { what: 'the order' });
  database.loseCommits(2);
  t.like(await world.order(sessionId, 'checkpoint', { data: {} }), { outcome: 'applied', version: 4 });
  database.loseAnswersOfCommits(1);
  t.like(await world.create(), { outcome: 'applied', version: 2 });
});

test('when it stays unknown what became of a dispatch, the session is loaded again and its attempt ordered', async (t) => {
  await using world = await World.open();
  const { database, clock, incarnation } = await world.startActor();
  await world.gateway.serves(SERVER);
  const { sessionId } = await world.create();
  const dispatch = () =>
    world.bus.request(
      sessionCommands.dispatch,
      { serverId: SERVER, schedulerEpoch: 1 },
      { ...client(sessionId), principal: 'service:scheduler', id: 'dispatch-1' },
      { to: workerAddress(incarnation) },
    );
  database.loseAnswersOfCommits(100);
  const refused = t.throwsAsync(dispatch(), { instanceOf: UnavailableError });
  await eventually(async () => (await world.stored(sessionId))?.version === 3, { what: 'the dispatch is committed' });
  clock.skip(6_000);
  await refused;
  await eventually(async () => world.gateway.executed.length === 1, { what: 'the order' });
  t.like(await dispatch(), { outcome: 'repeated', status: 'running', version: 3 });
});

test('a session-actor that has stopped orders nothing more', async (t) => {
  await using world = await World.open();
  const actor = await world.startActor();
  await world.running();
  await world.order(await world.running(), 'stop', {});
  await actor.stop();
  await world.gateway.serves(SERVER);
  await ticks(world, 3);
  t.deepEqual([world.gateway.executed, world.gateway.aborted], [[], []]);
});

test('the end of a parent cancels its children, stops those that run, and lets go of what it may', async (t) => {
  await using world = await World.open();
  await world.startActor();
  await world.gateway.serves(SERVER);
  const endOf = async (childPolicy: 'cancel' | 'orphan' | 'detach') => {
    const parentId = await world.running({ childPolicy });
    const waits = (await world.create({ parentId })).sessionId;
    const runs = await world.running({ parentId });
    await world.order(parentId, 'stop', {});
    const states = async () => Promise.all([waits, runs].map(async (id) => (await world.stored(id))?.snapshot?.status));
    await eventually(async () => childPolicy === 'detach' || !(await states()).includes('running'), {
      what: 'the children end',
    });
    return states();
  };
  t.deepEqual(await endOf('cancel'), ['cancelled', 'stopped']);
  t.deepEqual(await endOf('orphan'), ['orphaned', 'orphaned']);
  t.deepEqual(await endOf('detach'), ['queued', 'running']);
});

test('a child that its parent left behind is ended by the sweep', async (t) => {
  await using world = await World.open();
  const { database } = await world.startActor();
  const { sessionId: parentId } = await world.create();
  const child = await world.create({ parentId });
  await database.query(
    `update sessions set status = 'cancelled', updated_at = now() - interval '1 minute',
       state = state::jsonb || '{"status": "cancelled", "statusUpdatedAt": "2999-01-01T00:00:00.000Z"}' where id = $1::uuid`,
    [parentId],
  );
  await eventually(async () => (await world.stored(child.sessionId))?.snapshot?.status === 'cancelled', {
    what: 'the child ends',
  });
  t.is((await world.stored(child.sessionId))?.snapshot?.failure?.code, 'parent_ended');
});

test('a child that is to be retried by itself when its parent ends is ended then, and one that somebody retries is not', async (t) => {
  await using world = await World.open();
  await world.startActor();
  await world.gateway.serves(SERVER);
  const parentId = await world.running();
  const [byItself, byHand] = [await world.running({ parentId }), await world.running({ parentId })];
  const failure = failureOf('provider_unavailable');
  for (const id of [byItself, byHand]) {
    await world.send(id, 'report-step', { token: '1.1', step: step('step-1'), resume: RESUME });
    await world.send(id, 'report-failed', { token: '1.1', steps: [], resume: null, failure });
  }
  await world.order(parentId, 'stop', {});
  await world.order(byHand, 'retry', {});
  const snapshotOf = async (id: string) => (await world.stored(id))?.snapshot;
  const generation = (await snapshotOf(byItself))?.timers.retry?.generation ?? 0;
  t.like(await world.send(byItself, 'fire-timer', { name: 'retry', generation }), { status: 'queued' });
  const ended = { status: 'cancelled', failure: { code: 'parent_ended' } };
  await eventually(async () => (await snapshotOf(byItself))?.status === ended.status, { what: 'it ends' });
  t.like(await snapshotOf(byItself), ended);
  t.like(await snapshotOf(byHand), { status: 'queued' });
});

test('a parent with failed children succeeds in part, and wholly once they have been retried', async (t) => {
  await using world = await World.open();
  await world.startActor();
  await world.gateway.serves(SERVER);
  const parentId = await world.running();
  const [good, bad] = [await world.running({ parentId }), await world.running({ parentId })];
  await world.send(good, 'report-completed', completedReport());
  await world.send(bad, 'report-step', { token: '1.1', step: step('step-1'), resume: RESUME });
  await world.order(bad, 'stop', {});
  t.like(await world.send(parentId, 'report-completed', completedReport()), { status: 'partially_completed' });
  t.deepEqual((await world.stored(parentId))?.snapshot?.subTasks, { succeeded: 1, failed: 1 });

  await world.order(bad, 'retry', {});
  await world.send(bad, 'report-closed', { token: '1.1', proof: 'It is idle.' });
  await world.send(bad, 'dispatch', { serverId: SERVER, schedulerEpoch: 1 });
  await world.send(bad, 'report-completed', completedReport('2.1'));
  await eventually(async () => (await world.stored(parentId))?.snapshot?.status === 'completed', {
    what: 'the parent is complete',
  });
});

test('a parent that nobody told of the success of its last child is complete by the sweep', async (t) => {
  await using world = await World.open();
  const { database } = await world.startActor();
  await world.gateway.serves(SERVER);
  const parentId = await world.running();
  const [good, bad] = [await world.running({ parentId }), await world.running({ parentId })];
  await world.send(good, 'report-completed', completedReport());
  await world.order(bad, 'stop', {});
  t.like(await world.send(parentId, 'report-completed', completedReport()), { status: 'partially_completed' });
  // As if the child's owner had died right after the commit of its success.
  await database.query(
    `update sessions set status = 'completed', updated_at = now() - interval '1 minute' where parent_id = $1::uuid`,
    [parentId],
  );
  await eventually(async () => (await world.stored(parentId))?.snapshot?.status === 'completed', {
    what: 'the parent is complete',
  });
});

/** Lets so many seconds of the session-actor's own ticks go by. */
async function ticks(world: World, count: number): Promise<void> {
  const [row] = await world.database.query<{ now: Date }>('select now() as now');
  const endsAt = new Date(row?.now ?? 0).getTime() + count * 1_000 + 200;
  await eventually(async () => (await world.database.now()).getTime() >= endsAt, { what: 'the ticks' });
}

import { explainWaiting } from '@oio/contracts';
import { serviceEnvelope } from '@oio/messaging';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { Dependants } from '../src/dependants.ts';
import type { SessionKey } from '../src/ports.ts';
import { type Fleet, openFleet } from './support/open-fleet.ts';

async function openWithServer(): Promise<Fleet> {
  const fleet = await openFleet();
  fleet.announce('one', 5);
  return fleet;
}

const releases = ({ actor }: Fleet) => actor.history.filter(({ type }) => type === 'session.dependencies-settled');

test.serial('a session is queued once what it depends on has ended, one time only', async (t) => {
  await using fleet = await openWithServer();
  const { actor } = fleet;
  await fleet.startScheduler();
  const plan = await actor.submit();
  const code = await actor.submit({ dependsOn: [plan] });
  const review = await actor.submit({ dependsOn: [plan, code] });
  for (const id of [plan, code, review]) {
    t.true(await eventually(() => actor.snapshot(id).status === 'running'));
    await actor.complete(id);
  }
  t.deepEqual(actor.dispatched, [plan, code, review]);
  t.deepEqual(
    releases(fleet).map(({ sessionId }) => sessionId),
    [code, review],
  );
});

test.serial(
  'an end that was not heard of releases whoever waited for it, and so does one before this scheduler',
  async (t) => {
    await using fleet = await openWithServer();
    const { actor } = fleet;
    actor.loses = ({ type }) => type === 'session.completed' || type === 'session.created';
    const [first, last] = [await actor.submit(), await actor.submit()];
    const ofFirst = await actor.submit({ dependsOn: [first] });
    await actor.order(first, { name: 'cancel', payload: {} });
    await fleet.startScheduler();
    t.true(await eventually(() => actor.snapshot(ofFirst).status === 'failed'));
    t.is(actor.snapshot(ofFirst).failure?.code, 'dependency_failed');
    const ofLast = await actor.submit({ dependsOn: [last] });
    t.true(await eventually(() => actor.snapshot(last).status === 'running'));
    await actor.complete(last);
    t.true(await eventually(() => actor.snapshot(ofLast).status === 'running'));
    t.is(releases(fleet).length, 1);
  },
);

test.serial('the dependency, or the time, that holds a session back is named to whoever asks', async (t) => {
  await using fleet = await openWithServer();
  const { actor, bus } = fleet;
  await fleet.startScheduler();
  const why = async (sessionId: string) =>
    (await bus.request(explainWaiting, { sessionId }, serviceEnvelope('test'))).waiting;
  const plan = await actor.submit();
  const code = await actor.submit({ dependsOn: [plan] });
  t.true(await eventually(() => actor.snapshot(plan).status === 'running'));
  t.like(await why(code), {
    because: { reason: 'dependency', waitsFor: [{ session: plan, status: 'running' }] },
    position: null,
    estimatedStart: null,
  });
  t.is(await why(plan), null);
  t.is(await why(newId()), null);
});

interface Looks {
  waiting: boolean;
  heard: string[][];
}

function dependantsOn(looks: Looks, due: readonly SessionKey[] = []) {
  const sent: string[] = [];
  const dependants = new Dependants({
    table: {
      due: async () => ({ due: [], waiting: looks.waiting }),
      dueAmong: async ({ heard }) => {
        looks.heard.push([...heard]);
        return [...due];
      },
    },
    router: { hear() {}, send: async () => ({ outcome: 'applied' }) as never, sendToAny: async () => ({}) as never },
    commands: { room: 1, resting: [], send: (id: string) => void sent.push(id) } as never,
    clock: { now: () => '', monotonicMs: () => 0 },
  });
  return { dependants, sent };
}

test('while nobody waits for another, no end is looked at; from the first that does on, each is', async (t) => {
  const looks: Looks = { waiting: false, heard: [] };
  const { dependants } = dependantsOn(looks);
  await dependants.sweep();
  t.false(dependants.hear({ sessionId: 'a', type: 'session.completed' }));
  t.false(dependants.hear({ sessionId: 'b', type: 'session.created', data: { session: {} } }));
  await dependants.release();
  t.deepEqual(looks.heard, []);

  t.true(dependants.hear({ sessionId: 'c', type: 'session.created', data: { session: { dependsOn: [{}] } } }));
  t.true(dependants.hear({ sessionId: 'd', type: 'session.orphaned' }));
  t.false(dependants.hear({ sessionId: 'd', type: 'session.step-finished' }));
  await dependants.release();
  t.deepEqual(looks.heard, [['c', 'd']]);
  await dependants.sweep();
  t.false(dependants.hear({ sessionId: 'e', type: 'session.completed' }));
});

test('what did not fit into one look is looked at again', async (t) => {
  const looks: Looks = { waiting: true, heard: [] };
  const { dependants, sent } = dependantsOn(looks, [{ id: 'x', tenant: 'acme' }]);
  await dependants.sweep();
  dependants.hear({ sessionId: 'a', type: 'session.failed' });
  t.is(await dependants.release(), 20);
  await dependants.release();
  t.deepEqual(looks.heard, [['a'], ['a']]);
  t.deepEqual(sent, ['x', 'x']);
});

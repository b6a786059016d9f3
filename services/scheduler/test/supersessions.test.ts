import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { superseded } from '../src/supersessions.ts';
import { openFleet } from './support/open-fleet.ts';

const KEYED = { concurrencyKey: 'deploy' } as const;
const NEWEST = { ...KEYED, onConflict: 'cancel_oldest' } as const;

test.serial(
  'the newest with its key takes the place of those at work and of those that wait, once it is queued',
  async (t) => {
    await using fleet = await openFleet();
    const { actor } = fleet;
    fleet.announce('one', 5);
    await fleet.startScheduler();
    const [running, queued, other] = [
      await actor.submit(KEYED),
      await actor.submit(KEYED),
      await actor.submit({ concurrencyKey: 'other' }),
    ];
    t.true(await eventually(() => actor.snapshot(running).status === 'running'));
    const newest = await actor.submit(NEWEST);
    t.true(await eventually(() => actor.snapshot(queued).status === 'cancelled'));
    t.true(await eventually(() => actor.snapshot(running).status === 'stopped'));
    t.is(actor.snapshot(running).failure?.code, 'superseded');
    t.true(await eventually(() => actor.snapshot(newest).status === 'running'));
    t.is(actor.snapshot(other).status, 'running');
    // One that works takes nobody's place any more.
    const later = await actor.submit(KEYED);
    await actor.complete(newest);
    t.true(await eventually(() => actor.snapshot(later).status === 'running'));
  },
);

test.serial('a newest one that was not heard of, or came before this scheduler, is found', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  fleet.announce('one', 5);
  actor.loses = ({ type }) => type === 'session.created';
  const first = await actor.submit(KEYED);
  const second = await actor.submit(NEWEST);
  await fleet.startScheduler();
  t.true(await eventually(() => actor.snapshot(second).status === 'running'));
  const third = await actor.submit(NEWEST);
  t.true(await eventually(() => actor.snapshot(third).status === 'running'));
  t.deepEqual(
    [actor.snapshot(first).failure?.code, actor.snapshot(second).failure?.code],
    ['superseded', 'superseded'],
  );
});

/** `.`: uses the key; `n`: waits to take the place of older ones. Which of them end under a limit. */
const endUnder = test.macro((t, limit: number, users: string, expected: readonly number[]) => {
  const rows = [...users].map((kind, index) => ({
    id: String(index),
    tenant: 'acme',
    key: 'deploy',
    supersedes: kind === 'n',
  }));
  const ended = superseded(rows, () => limit);
  t.deepEqual(
    ended.map(({ id }) => Number(id)),
    expected,
  );
  t.true(ended.every(({ by }) => by === String(users.lastIndexOf('n'))));
});

test('all older ones end for one that must be alone', endUnder, 1, '..n', [0, 1]);
test('of several that must be alone the newest stays', endUnder, 1, '.nn', [0, 1]);
test('as many stay as may work at the same time', endUnder, 2, '..n', [0]);
test('while there is room nobody ends', endUnder, 3, '..n', []);
test('those that came later wait behind it', endUnder, 2, '.n..', []);
test('a limit of nothing does not end the newest as well', endUnder, 0, '.n', [0]);
test('without one that takes places nobody ends', endUnder, 1, '..', []);

test('each key of each tenant is looked at by itself', (t) => {
  const user = (id: string, tenant: string, key: string) => ({ id, tenant, key, supersedes: true });
  t.deepEqual(
    superseded([user('a', 'acme', 'x'), user('b', 'acme', 'y'), user('c', 'umbrella', 'x')], () => 1),
    [],
  );
});

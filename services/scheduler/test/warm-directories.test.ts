import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { WarmDirectories } from '../src/warm-directories.ts';
import type { FakeSessionActor } from './support/fake-session-actor.ts';
import { openFleet } from './support/open-fleet.ts';

test('a directory is open where somebody worked in it last, and a session best goes where it was', (t) => {
  const warm = new WarmDirectories();
  t.is(warm.serverFor({ id: 'a', directory: '/shop' }), null);
  warm.note({ id: 'a', directory: '/shop' }, 'one');
  warm.note({ id: 'b', directory: '/shop' }, 'two');
  t.is(warm.serverFor({ id: 'c', directory: '/shop' }), 'two');
  t.is(warm.serverFor({ id: 'a', directory: '/shop' }), 'one');
  t.is(warm.serverFor({ id: 'c', directory: '/office' }), null);
});

test('a worktree is open for its own session only', (t) => {
  const warm = new WarmDirectories();
  warm.note({ id: 'a', directory: null }, 'one');
  t.is(warm.serverFor({ id: 'a', directory: null }), 'one');
  t.is(warm.serverFor({ id: 'b', directory: null }), null);
});

test('what was noted long ago is forgotten', (t) => {
  const warm = new WarmDirectories();
  for (let count = 0; count <= 10_000; count += 1) warm.note({ id: `s${count}`, directory: `/d${count}` }, 'one');
  t.is(warm.serverFor({ id: 's0', directory: '/d0' }), null);
  t.is(warm.serverFor({ id: 's1', directory: null }), 'one');
});

test.serial(
  'the next session in a directory goes to the server that has it open, though another is emptier',
  async (t) => {
    await using fleet = await openFleet();
    const { actor } = fleet;
    await fleet.startScheduler();
    fleet.announce('a', 4);
    const first = await actor.submit({ inPlace: '/shop' });
    t.is(await serverOf(actor, first), 'a');
    const bystander = await actor.submit({ inPlace: '/office' });
    t.is(await serverOf(actor, bystander), 'a');
    fleet.announce('b', 4);
    const elsewhere = await actor.submit({ inPlace: '/garden' });
    t.is(await serverOf(actor, elsewhere), 'b');
    await actor.complete(elsewhere);
    await actor.complete(first);
    const second = await actor.submit({ inPlace: '/shop' });
    t.is(await serverOf(actor, second), 'a');
  },
);

test.serial('a new scheduler knows the servers of those that it finds at work', async (t) => {
  await using fleet = await openFleet();
  const { actor } = fleet;
  const former = await fleet.startScheduler();
  fleet.announce('b', 4);
  const first = await actor.submit({ inPlace: '/shop' });
  t.is(await serverOf(actor, first), 'b');
  await former[Symbol.asyncDispose]();
  fleet.announce('a', 4);
  const present = await fleet.startScheduler();
  t.true(await eventually(() => present.isActive));
  const bystander = await actor.submit();
  t.is(await serverOf(actor, bystander), 'a');
  for (const id of [bystander, first]) await actor.complete(id);
  // Both are empty now, and the other one comes first by its id.
  t.is(await serverOf(actor, await actor.submit({ inPlace: '/shop' })), 'b');
});

async function serverOf(actor: FakeSessionActor, id: string): Promise<string | undefined> {
  await eventually(() => actor.snapshot(id).status === 'running');
  return actor.snapshot(id).attempt?.serverId;
}

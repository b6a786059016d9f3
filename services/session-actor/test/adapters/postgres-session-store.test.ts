import { CHECKPOINTS_KEPT } from '@oio/domain';
import type { Database } from '@oio/persistence';
import { newId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createPostgresSessionStore } from '../../src/adapters/postgres-session-store.ts';
import { append, newSession } from '../support/history.ts';
import { World } from '../support/world.ts';

test('many sessions are claimed at once, each under its next epoch, but not from a living worker', async (t) => {
  await using world = await World.open();
  const ids = await leftBehind(world, 3);
  const store = createPostgresSessionStore(world.database);
  const [heir, other] = [await enter(world.database), await enter(world.database)];
  const claims = await store.claim([...ids, newId()], heir);
  t.deepEqual(
    claims.map((claim) => claim?.epoch ?? null),
    [2, 2, 2, null],
  );
  t.deepEqual(
    claims.map((claim) => claim?.snapshot?.id ?? null),
    [...ids, null],
  );
  t.deepEqual(await store.claim(ids, other), [null, null, null]);
  t.deepEqual(
    (await Promise.all(ids.map((id) => store.ownership(id)))).map((row) => row && [row.owner, row.epoch]),
    ids.map(() => [heir, 2]),
  );
});

test('one that is being written to holds up none of the others, and is claimed when that is over', async (t) => {
  await using world = await World.open();
  const [busy = '', free = ''] = await leftBehind(world, 2);
  const store = createPostgresSessionStore(world.database);
  const heir = await enter(world.database);
  const claims = await world.database.orm.em.fork().transactional(async (transaction) => {
    await transaction.execute('select 1 from sessions where id = ? for update', [busy]);
    const claiming = store.claim([busy, free], heir);
    await eventually(async () => (await store.ownership(free))?.owner === heir, { what: 'the other one is claimed' });
    t.is((await store.ownership(busy))?.epoch, 1);
    return { claiming };
  });
  t.deepEqual(
    (await claims.claiming).map((claim) => claim?.epoch),
    [2, 2],
  );
});

test('a worker learns what it owns otherwise than it knows, and what others own of what it holds', async (t) => {
  await using world = await World.open();
  const store = createPostgresSessionStore(world.database);
  await world.startActor();
  const ids = await Promise.all(Array.from({ length: 4 }, () => world.running()));
  const [ours, taken] = [(await world.stored(ids[0] ?? ''))?.owner ?? '', await enter(world.database)];
  const [known = '', unknown = '', claimed = '', lost = ''] = ids;
  const move = 'update sessions set owner = $2::uuid, owner_epoch = owner_epoch + 1 where id = $1::uuid';
  await world.database.query(move, [claimed, ours]);
  await world.database.query(move, [lost, taken]);
  const held = [known, claimed, lost].map((id) => ({ id, epoch: 1 }));
  const strayed = await store.strayed(ours, held);
  t.deepEqual(
    strayed.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id)),
    [
      { id: unknown, epoch: 1, isOurs: true },
      { id: claimed, epoch: 2, isOurs: true },
      { id: lost, epoch: 2, isOurs: false },
    ],
  );
});

test('a checkpoint is given out by its number as long as it is among the last hundred', async (t) => {
  await using world = await World.open();
  const { database } = world;
  const id = await newSession(database);
  const add = async (sequence: number): Promise<void> => {
    const checkpoint = { type: 'session.checkpoint-made', data: { checkpoint: { sequence } } };
    await append((sql, parameters) => database.query(sql, parameters), id, sequence, checkpoint);
  };
  for (let sequence = 1; sequence <= CHECKPOINTS_KEPT; sequence += 1) await add(sequence);
  const store = createPostgresSessionStore(database);
  t.is((await store.checkpoint(id, 1))?.sequence, 1);
  await add(CHECKPOINTS_KEPT + 1);
  t.is(await store.checkpoint(id, 1), null);
  t.is((await store.checkpoint(id, 2))?.sequence, 2);
  t.is((await store.checkpoint(id, CHECKPOINTS_KEPT + 1))?.sequence, CHECKPOINTS_KEPT + 1);
});

/** Sessions whose owner has gone. */
async function leftBehind(world: World, count: number): Promise<readonly string[]> {
  const leaving = await world.startActor();
  const sessions = await Promise.all(Array.from({ length: count }, () => world.create()));
  await leaving.stop();
  return sessions.map(({ sessionId }) => sessionId);
}

async function enter(database: Database): Promise<string> {
  const incarnation = newId();
  await database.query(
    `insert into workers (incarnation, lease_until, started_at, host, pid, locked)
     values ($1::uuid, now() + interval '1 hour', now(), 'here', 1, false)`,
    [incarnation],
  );
  return incarnation;
}

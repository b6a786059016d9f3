import { ConflictError } from '@oio/errors';
import test from 'ava';
import { eventually } from '@oio/runtime/testing';
import { SERVER, World } from './support/world.ts';

const BROKEN = [
  'null',
  '{}',
  '[]',
  '{"schema": 99, "status": "hibernating"}',
  '{"status": "running", "retries": "many"}',
];

test('a session whose snapshot cannot be read is refused, and its worker goes on with the others', async (t) => {
  await using world = await World.open();
  await world.startActor();
  await world.gateway.serves(SERVER);
  const good = await world.running();
  for (const state of BROKEN) {
    const bad = await world.running();
    const lose =
      'update sessions set state = $2::json, owner = null, owner_epoch = owner_epoch + 1 where id = $1::uuid';
    await world.database.query(lose, [bad, state]);
    const refused = { instanceOf: ConflictError, code: 'unreadable_session' };
    await t.throwsAsync(world.send(bad, 'adopt', {}), refused, state);
    await t.throwsAsync(world.order(bad, 'checkpoint', { data: {} }), refused, state);
    t.is(JSON.stringify((await world.stored(bad))?.state), JSON.stringify(JSON.parse(state)));
  }
  t.like(await world.order(good, 'checkpoint', { data: {} }), { outcome: 'applied' });
  const later = await world.running();
  await eventually(() => world.gateway.ordersFor(later).length > 0, { what: 'the order' });
});

test('a session that a worker cannot read is free for one that can', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const { sessionId } = await world.create();
  const stored = await world.stored(sessionId);
  const spoil = 'update sessions set state = $2::json, owner = null, owner_epoch = owner_epoch + 1 where id = $1::uuid';
  await world.database.query(spoil, [sessionId, '{"schema": 99}']);
  const refused = { instanceOf: ConflictError, code: 'unreadable_session' };
  await t.throwsAsync(world.order(sessionId, 'checkpoint', { data: {} }), refused);
  const { epoch, owner } = (await world.stored(sessionId)) ?? {};
  t.is(owner, null);
  await t.throwsAsync(world.order(sessionId, 'checkpoint', { data: {} }), refused);
  t.is((await world.stored(sessionId))?.epoch, epoch, 'it is not claimed again and again');
  const mend = 'update sessions set state = $2::json where id = $1::uuid';
  await world.database.query(mend, [sessionId, JSON.stringify(stored?.state)]);
  t.is((await world.order(sessionId, 'cancel', {})).status, 'cancelled');
});

test('a session whose first event cannot be read, or is missing, is refused like that', async (t) => {
  await using world = await World.open();
  await world.startActor();
  await world.gateway.serves(SERVER);
  const lose = 'update sessions set owner = null, owner_epoch = owner_epoch + 1 where id = $1::uuid';
  for (const damage of ["update session_events set data = '{}'", 'delete from session_events']) {
    const bad = await world.running();
    await world.database.query(`${damage} where session_id = $1::uuid and seq = 1`, [bad]);
    await world.database.query(lose, [bad]);
    const refused = { instanceOf: ConflictError, code: 'unreadable_session' };
    await t.throwsAsync(world.send(bad, 'adopt', {}), refused, damage);
  }
  const good = await world.running();
  t.like(await world.order(good, 'checkpoint', { data: {} }), { outcome: 'applied' });
});

test('an unreadable child or parent does not stop the search for children that were left behind', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const family = async () => {
    const { sessionId: parentId } = await world.create({ start: false });
    const { sessionId: childId } = await world.create({ start: false, parentId });
    return { parentId, childId };
  };
  const [good, broken, unborn, lost] = [await family(), await family(), await family(), await family()];
  const damaged = `update session_events set data = '{"session": "\\u0000"}' where session_id = $1::uuid and seq = 1`;
  await world.database.query(damaged, [unborn.parentId]);
  await world.database.query('delete from session_events where session_id = $1::uuid and seq = 1', [lost.parentId]);
  const end =
    "update sessions set status = 'failed', updated_at = now() - interval '1 minute' where id = any($1::uuid[])";
  await world.database.query('update sessions set state = $2::json where id = $1::uuid', [
    broken.childId,
    '{"retries": "many", "times": {"queuedAt": "\\u0000"}}',
  ]);
  await world.database.query(end, [[good.parentId, broken.parentId, unborn.parentId, lost.parentId]]);
  const isEnded = async () => (await world.stored(good.childId))?.snapshot?.status === 'cancelled';
  await t.notThrowsAsync(eventually(isEnded, { what: 'the other child is ended' }));
});

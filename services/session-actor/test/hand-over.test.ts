import { snapshotWorkspace } from '@oio/contracts';
import test from 'ava';
import { RESUME, WORKSPACE } from './support/reports.ts';
import { SERVER, World } from './support/world.ts';

test('a worker that stops hands over at once, with every command answered', async (t) => {
  await using world = await World.open();
  const leaving = await world.startActor();
  const ids = await Promise.all(Array.from({ length: 10 }, () => world.running()));
  await world.startActor();
  const commands = ids.flatMap((id) => Array.from({ length: 10 }, () => world.order(id, 'checkpoint', { data: {} })));
  await leaving.stop();
  const startedAt = performance.now();
  const after = await Promise.all(ids.map((id) => world.order(id, 'checkpoint', { data: {} })));
  t.true(performance.now() - startedAt < 5_000);
  t.true([...(await Promise.all(commands)), ...after].every(({ outcome }) => outcome === 'applied'));
  const rows = await Promise.all(ids.map((id) => world.stored(id)));
  t.true(rows.every((row) => row?.version === 14 && row.owner !== leaving.incarnation));
});

test('a worker that stops hands over while the files for a checkpoint are still being kept, and the next owner makes it', async (t) => {
  await using world = await World.open();
  const leaving = await world.startActor();
  const [other, sessionId] = [await world.running(), await world.running()];
  await world.send(sessionId, 'report-prepared', { token: '1.1', workspace: WORKSPACE, resume: RESUME });
  const heir = await world.startActor();
  // Whoever asks first is not answered; if it asked again, it would be.
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let asks = 0;
  const keep = async () => {
    asks += 1;
    asked.resolve();
    if (asks === 1) await answered.promise;
    return { commit: 'c0ffee' };
  };
  const end = await world.bus.serve(snapshotWorkspace, keep, { at: `server.${SERVER}` });
  const checkpoint = world.order(sessionId, 'checkpoint', { data: {} });
  await asked.promise;
  await leaving.stop();
  t.is((await checkpoint).outcome, 'applied');
  t.is((await world.order(other, 'checkpoint', { data: {} })).outcome, 'applied');
  for (const id of [sessionId, other]) t.like(await world.stored(id), { owner: heir.incarnation, epoch: 2 });
  answered.resolve();
  await end();
});

test('a worker that stops hands over while a session is still being made, which is made once', async (t) => {
  await using world = await World.open();
  const leaving = await world.startActor();
  const sessionId = await world.running();
  const inspection = Promise.withResolvers<void>();
  world.gateway.onInspect = () => inspection.promise;
  const made = world.create();
  const heir = await world.startActor();
  const stopped = leaving.stop();
  t.is((await world.order(sessionId, 'checkpoint', { data: {} })).outcome, 'applied');
  t.like(await world.stored(sessionId), { owner: heir.incarnation, epoch: 2 });
  inspection.resolve();
  const { sessionId: late } = await made;
  await stopped;
  t.is((await world.history(late)).filter((type) => type === 'session.created').length, 1);
  t.like(await world.order(late, 'cancel', {}), { status: 'cancelled' });
  t.is((await world.stored(late))?.owner, heir.incarnation);
});

import { randomUUID } from 'node:crypto';
import { ConflictError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { eventually } from '@oio/runtime/testing';
import { SERVER, World } from './support/world.ts';

test('a worker that cannot confirm its lease takes no commands, and none of them is committed', async (t) => {
  await using world = await World.open();
  const { clock, incarnation } = await world.startActor();
  const sessionId = await world.running();
  const before = await world.stored(sessionId);
  await world.database.query('alter table workers rename to hidden_workers');
  clock.skip(6_000);
  await t.throwsAsync(world.askAt(incarnation, sessionId), { instanceOf: UnavailableError, code: 'fenced' });
  await t.throwsAsync(world.create(), { instanceOf: UnavailableError });
  t.deepEqual(await world.stored(sessionId), before);
  await world.database.query('alter table hidden_workers rename to workers');
  await eventually(() => succeeds(world.askAt(incarnation, sessionId)), { what: 'commands are taken again' });
});

test('a command reaches the owner by way of any worker', async (t) => {
  await using world = await World.open();
  const [one, two] = [await world.startActor(), await world.startActor()];
  const sessionId = await world.running();
  const owner = (await world.stored(sessionId))?.owner;
  const other = owner === one.incarnation ? two : one;
  const error = await t.throwsAsync(world.askAt(other.incarnation, sessionId), { instanceOf: ConflictError });
  t.like(error, { code: 'not_owner', facts: { owner } });
  await world.directory.release([sessionId], owner ?? '');
  t.is((await world.order(sessionId, 'checkpoint', { data: {} })).outcome, 'applied');
  t.like(await world.stored(sessionId), { owner, epoch: 1 });
});

test('when a worker dies, another owns its sessions under a new epoch', async (t) => {
  await using world = await World.open();
  const { sessionId, heir } = await leftBehind(world);
  await eventually(() => succeeds(world.askAt(heir.incarnation, sessionId)), { what: 'a command is taken' });
  t.like(await world.stored(sessionId), { owner: heir.incarnation, epoch: 2, version: 4 });
});

test('whoever takes a session over says how long nobody had run it', async (t) => {
  await using world = await World.open();
  const night = 8 * 3_600;
  const { sessionId, heir } = await leftBehind(world, night);
  t.is((await world.send(sessionId, 'adopt', {}, { to: heir.incarnation })).outcome, 'applied');
  const [row] = await world.database.query<{ seconds: number }>(
    `select (data ->> 'unownedMs')::float8 / 1000 as seconds from session_events where session_id = $1 and type = 'session.adopted'`,
    [sessionId],
  );
  t.true((row?.seconds ?? 0) >= night && (row?.seconds ?? 0) < night + 60);
});

test('a session that its timer has had taken over is ended by that timer later', async (t) => {
  await using world = await World.open();
  const { sessionId, heir } = await leftBehind(world, 3_600);
  const fire = async () => {
    const generation = (await world.stored(sessionId))?.snapshot?.timers['max-duration']?.generation ?? 0;
    const id = `timer:${sessionId}:max-duration:${generation}`;
    return world.send(sessionId, 'fire-timer', { name: 'max-duration', generation }, { to: heir.incarnation, id });
  };
  t.like(await fire(), { outcome: 'applied', status: 'running' });
  t.like(await fire(), { outcome: 'applied', status: 'timeout' });
});

test('when the process of a worker ends, its sessions are claimed without waiting for the end of its lease', async (t) => {
  await using world = await World.open();
  const dying = await world.startActor();
  const sessionId = await world.running();
  const heir = await world.startActor();
  t.like(await t.throwsAsync(world.askAt(heir.incarnation, sessionId)), { code: 'not_owner' });
  dying.database.hold();
  await dying.dropLocks();
  t.is((await world.send(sessionId, 'adopt', {}, { to: heir.incarnation })).outcome, 'applied');
  t.like(await world.stored(sessionId), { owner: heir.incarnation, epoch: 2, version: 4 });
  t.is((await world.history(sessionId)).at(-1), 'session.adopted');
  t.is((await world.send(sessionId, 'adopt', {}, { to: heir.incarnation })).outcome, 'applied');
  t.is((await world.stored(sessionId))?.version, 4, 'it is adopted once');
  dying.database.open();
});

test('a session that its owner has lost without knowing is adopted by it when the one who had it is gone', async (t) => {
  await using world = await World.open();
  const former = await world.startActor();
  const sessionId = await world.running();
  const between = await world.startActor();
  // Its next sign of life would say that it has no lock to be judged by.
  former.database.hold();
  await former.dropLocks();
  t.is((await world.send(sessionId, 'adopt', {}, { to: between.incarnation })).outcome, 'applied');
  former.database.open();
  between.database.hold();
  await between.dropLocks();
  await world.expire(between.incarnation);
  await eventually(
    async () => {
      const asked = world.send(sessionId, 'adopt', {}, { to: former.incarnation });
      return (await asked.catch(() => null))?.outcome === 'applied';
    },
    { what: 'it is adopted' },
  );
  t.like(await world.stored(sessionId), { owner: former.incarnation, epoch: 3 });
  between.database.open();
});

test('a former owner that wakes up in the middle of a commit changes nothing, and the command has one effect', async (t) => {
  await using world = await World.open();
  const former = await world.startActor();
  const sessionId = await world.running();
  const heir = await world.startActor();
  former.database.hold();
  const [id, before] = [randomUUID(), await world.stored(sessionId)];
  const command = world.order(sessionId, 'checkpoint', { data: {} }, { id });
  await world.expire(former.incarnation);
  await eventually(() => succeeds(world.askAt(heir.incarnation, sessionId)), { what: 'the heir takes commands' });
  former.database.open();
  t.is((await command).outcome, 'applied');
  t.like(await world.stored(sessionId), { owner: heir.incarnation, epoch: 2, version: (before?.version ?? 0) + 2 });
  t.is((await world.commandIds(sessionId)).filter((commandId) => commandId === id).length, 1);
});

test('a former owner that does not know it refuses nothing by what it remembers', async (t) => {
  await using world = await World.open();
  const former = await world.startActor();
  const { sessionId } = await world.create();
  const heir = await world.startActor();
  former.database.hold();
  await former.dropLocks();
  const dispatch = { serverId: SERVER, schedulerEpoch: 1 };
  t.is((await world.send(sessionId, 'dispatch', dispatch, { to: heir.incarnation })).outcome, 'applied');
  former.database.open();
  // It remembers one that waits, which no checkpoint can be made of.
  const error = await t.throwsAsync(world.askAt(former.incarnation, sessionId), { instanceOf: ConflictError });
  t.like(error, { code: 'not_owner', facts: { owner: heir.incarnation } });
  t.is((await world.askAt(heir.incarnation, sessionId)).outcome, 'applied');
});

test('a worker whose lease lapsed lets go of everything and orders nothing for what others own', async (t) => {
  await using world = await World.open();
  const former = await world.startActor();
  const sessionId = await world.running();
  const heir = await world.startActor();
  former.database.hold();
  await world.expire(former.incarnation);
  await eventually(() => succeeds(world.askAt(heir.incarnation, sessionId)), { what: 'the heir takes commands' });
  former.database.open();
  await eventually(
    async () => {
      const error = await world.askAt(former.incarnation, sessionId).catch((thrown: unknown) => thrown);
      return error instanceof ConflictError && error.facts['owner'] === heir.incarnation;
    },
    { what: 'the former owner knows' },
  );
  await world.order(sessionId, 'stop', {});
  await world.gateway.serves(SERVER);
  t.like(await world.stored(sessionId), { owner: heir.incarnation, epoch: 2 });
  t.deepEqual(world.gateway.executed, []);
});

test('a worker whose lease lapsed while nobody else was there goes on with what it had', async (t) => {
  await using world = await World.open();
  const actor = await world.startActor();
  const sessionId = await world.running();
  await world.expire(actor.incarnation);
  await eventually(async () => (await world.stored(sessionId))?.epoch === 2, { what: 'the session is claimed anew' });
  t.is((await world.stored(sessionId))?.owner, actor.incarnation);
  t.is((await world.order(sessionId, 'checkpoint', { data: {} })).outcome, 'applied');
});

test('a session whose claim was made and never answered is taken up all the same', async (t) => {
  await using world = await World.open();
  const { sessionId, heir } = await leftBehind(world);
  heir.database.loseAnswersOfClaims(1);
  await t.throwsAsync(world.send(sessionId, 'adopt', {}, { to: heir.incarnation }), { code: 'database_unavailable' });
  // Its owner lives: nobody else will say another word about it.
  t.like(await world.stored(sessionId), { owner: heir.incarnation, epoch: 2 });
  await world.gateway.serves(SERVER);
  const ordered = async () =>
    world.gateway.executed.some(({ owner, epoch }) => owner === heir.incarnation && epoch === 3);
  await eventually(ordered, { what: 'its new owner orders the attempt' });
});

test('a session that a late claim of its own worker has taken from it is claimed once more', async (t) => {
  await using world = await World.open();
  const { incarnation } = await world.startActor();
  const sessionId = await world.running();
  await world.database.query('update sessions set owner_epoch = owner_epoch + 1 where id = $1::uuid', [sessionId]);
  await world.gateway.serves(SERVER);
  await eventually(async () => world.gateway.executed.at(-1)?.epoch === 3, {
    what: 'it is ordered by its present owner',
  });
  t.like(await world.stored(sessionId), { owner: incarnation, epoch: 3 });
});

test('a session that its worker has to claim once more is claimed although the directory names another worker', async (t) => {
  await using world = await World.open();
  const { incarnation } = await world.startActor();
  const other = await world.startActor();
  const sessionId = await world.running();
  const { owner } = (await world.stored(sessionId)) ?? {};
  const stranger = owner === incarnation ? other.incarnation : incarnation;
  // What a former owner, which lives on, has left there while nobody could correct it.
  await world.directory.release([sessionId], owner ?? '');
  t.is(await world.directory.claim(sessionId, stranger), stranger);
  await world.database.query('update sessions set owner_epoch = owner_epoch + 1 where id = $1::uuid', [sessionId]);
  await world.gateway.serves(SERVER);
  await eventually(async () => world.gateway.executed.at(-1)?.epoch === 3, { what: 'its owner orders it' });
  t.like(await world.stored(sessionId), { owner, epoch: 3 });
});

test('a session at rest leaves the memory and comes back as it was; one at work stays', async (t) => {
  await using world = await World.open();
  await world.gateway.serves(SERVER);
  const { clock } = await world.startActor();
  const [resting, working] = [(await world.create()).sessionId, await world.running()];
  const before = await world.stored(resting);
  clock.skip(61_000);
  await eventually(() => succeeds(world.create()), { what: 'the lease is confirmed' });
  await eventually(async () => (await world.directory.ownerOf(resting)) === null, { what: 'the session has left' });
  t.is((await world.send(resting, 'adopt', {})).outcome, 'applied');
  t.deepEqual(await world.stored(resting), { ...before, epoch: 2 });
  t.like(await world.order(working, 'checkpoint', { data: {} }), { outcome: 'applied', version: 4 });
  t.is((await world.stored(working))?.epoch, 1);
  t.like(await world.order(resting, 'cancel', {}), { status: 'cancelled', version: 3 });
});

test('a command that waited behind one of unknown outcome is decided on by the truth', async (t) => {
  await using world = await World.open();
  const { database } = await world.startActor();
  const { sessionId } = await world.create();
  database.loseAnswersOfCommits(Number.POSITIVE_INFINITY);
  const dispatch = world.send(sessionId, 'dispatch', { serverId: SERVER, schedulerEpoch: 1 });
  const pause = world.order(sessionId, 'pause', {});
  await t.throwsAsync(dispatch, { instanceOf: UnavailableError, code: 'database_unavailable' });
  database.loseAnswersOfCommits(0);
  t.like(await pause, { outcome: 'applied', status: 'paused', version: 4 });
});

/** A session that works and whose worker has died, and another worker. */
async function leftBehind(world: World, secondsAgo?: number) {
  const dying = await world.startActor();
  const sessionId = await world.running();
  const heir = await world.startActor();
  // A renewal that is still under way would undo what follows.
  await dying.database.cut();
  await world.expire(dying.incarnation, secondsAgo);
  return { sessionId, heir };
}

function succeeds(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}

import { randomUUID } from 'node:crypto';
import { ConflictError, InvalidError } from '@oio/errors';
import { newId } from '@oio/runtime';
import test from 'ava';
import { eventually } from '@oio/runtime/testing';
import { client, World } from './support/world.ts';

const world = await World.open();
await world.startActor({ SESSION_TIMEOUT_SECONDS: '120', MAX_RETRY_ATTEMPTS: '2' });
test.after.always(() => world[Symbol.asyncDispose]());

test('a session is stored and queued before it is answered', async (t) => {
  const reply = await world.create();
  const row = await world.stored(reply.sessionId);
  t.like(reply, { outcome: 'applied', version: 2, status: 'queued' });
  t.is(reply.session?.id, reply.sessionId);
  t.like(row, { version: 2, epoch: 1 });
  t.like(row?.snapshot, { status: 'queued', tenant: 'acme', createdBy: 'ada', version: 2 });
});

test('what the client leaves open is taken from the settings', async (t) => {
  const { sessionId } = await world.create();
  const snapshot = (await world.stored(sessionId))?.snapshot;
  t.is(snapshot?.session.maxDurationSeconds, 120);
  t.is(snapshot?.policy.maxRetries, 2);
});

test('with start: false it stays pending', async (t) => {
  const { sessionId, status } = await world.create({ start: false });
  t.is(status, 'pending');
  t.like(await world.order(sessionId, 'start', {}), { status: 'queued', outcome: 'applied' });
});

test('its events are published, in order', async (t) => {
  const { sessionId } = await world.create();
  const events = () => world.published.filter((event) => event.sessionId === sessionId);
  await eventually(async () => events().length === 2, { what: 'the events' });
  t.deepEqual(
    events().map(({ type, seq }) => [type, seq]),
    [
      ['session.created', 1],
      ['session.queued', 2],
    ],
  );
});

test('the same command again is the same session', async (t) => {
  const envelope = client(newId());
  const replies = await Promise.all(Array.from({ length: 30 }, () => world.create({}, envelope)));
  t.is(replies.filter(({ outcome }) => outcome === 'applied').length, 1);
  t.is(replies.filter(({ outcome }) => outcome === 'repeated').length, 29);
  t.deepEqual(
    [...new Set(replies.map(({ sessionId, version }) => `${sessionId} ${version}`))],
    [`${envelope.sessionId} 2`],
  );
});

test('who asks over the bus gets the session under an id that the API takes, in small letters, or none', async (t) => {
  const id = newId();
  t.is((await world.create({}, client(id.toUpperCase()))).sessionId, id);
  const error = await t.throwsAsync(world.create({}, client(randomUUID())), { instanceOf: InvalidError });
  t.like(error, { violations: [{ field: 'id', code: 'invalid_format' }] });
});

test.serial('what was accepted stays accepted, though its place has gone', async (t) => {
  const envelope = client(newId());
  await world.create({}, envelope);
  world.gateway.violations = [{ field: 'directory', code: 'not_found', message: 'There is no such directory.' }];
  t.is((await world.create({}, envelope)).outcome, 'repeated');
  world.gateway.violations = [];
});

test.serial(
  'a start in the past is refused beside everything else that is impossible; one to come is kept, and fired',
  async (t) => {
    world.gateway.violations = [{ field: 'model', code: 'not_found', message: 'There is no such model.' }];
    const error = await t.throwsAsync(world.create({ notBefore: '2020-01-01T00:00:00Z' }), {
      instanceOf: InvalidError,
    });
    world.gateway.violations = [];
    t.deepEqual(
      error.violations.map(({ field, code }) => [field, code]),
      [
        ['notBefore', 'past'],
        ['model', 'not_found'],
      ],
    );
    const notBefore = new Date(Date.now() + 3_600_000).toISOString();
    const { sessionId, status, session } = await world.create({ notBefore });
    t.is(status, 'pending');
    t.is(session?.notBefore, notBefore);
    t.like(await world.send(sessionId, 'fire-timer', { name: 'not-before', generation: 1 }), { status: 'queued' });
  },
);

test.serial('a session that is impossible is refused with every reason, and nothing of it is stored', async (t) => {
  const violations = [
    { field: 'directory', code: 'not_found', message: 'There is no such directory.' },
    { field: 'model', code: 'not_found', message: 'There is no such model.' },
  ];
  world.gateway.violations = violations;
  const id = newId();
  const error = await t.throwsAsync(world.create({ id }), { instanceOf: InvalidError });
  world.gateway.violations = [];
  t.deepEqual(error.violations, violations);
  t.is(await world.stored(id), null);
  t.deepEqual(await world.commandIds(id), []);
});

test('an id that another command has taken is refused', async (t) => {
  const id = newId();
  await world.create({ id });
  await t.throwsAsync(world.create({ id }), { instanceOf: ConflictError, code: 'id_taken' });
  t.is((await world.stored(id))?.version, 2);
});

test('neither does another tenant learn anything of it, not even by the same command id', async (t) => {
  const [id, commandId] = [newId(), randomUUID()];
  await world.create({ id }, { id: commandId });
  const stranger = { id: commandId, tenant: 'umbrella' };
  await t.throwsAsync(world.create({ id }, stranger), { instanceOf: ConflictError, code: 'id_taken' });
});

test('a parent learns of its child', async (t) => {
  const parent = await world.create();
  const child = await world.create({ parentId: parent.sessionId });
  t.deepEqual((await world.stored(parent.sessionId))?.snapshot?.childIds, [child.sessionId]);
});

test('a parent of another tenant does not exist', async (t) => {
  const foreign = (await world.create({}, { tenant: 'umbrella' })).sessionId;
  const unknown = newId();
  const refusalFor = async (parentId: string) => {
    const error = await t.throwsAsync(world.create({ parentId }), { instanceOf: InvalidError });
    return error.violations.map((violation) => ({
      ...violation,
      message: violation.message.replace(parentId, 'the parent'),
    }));
  };
  const refusal = await refusalFor(foreign);
  t.like(refusal[0], { field: 'parentId', code: 'not_found' });
  t.deepEqual(refusal, await refusalFor(unknown));
  t.deepEqual((await world.stored(foreign))?.snapshot?.childIds, []);
});

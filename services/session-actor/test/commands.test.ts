import { randomUUID } from 'node:crypto';
import { ConflictError, InvalidError, NotFoundError } from '@oio/errors';
import { sessionCommands } from '@oio/contracts';
import { newId } from '@oio/runtime';
import test from 'ava';
import { RESUME, completedReport, step } from './support/reports.ts';
import { client, World } from './support/world.ts';

const world = await World.open();
await world.gateway.serves('server-1');
await world.startActor();
test.after.always(() => world[Symbol.asyncDispose]());

test('a session that does not exist is not found, and neither is one of another tenant', async (t) => {
  const { sessionId } = await world.create();
  const refusalFor = async (id: string, tenant: string) => {
    const error = await t.throwsAsync(world.order(id, 'cancel', {}, { tenant }), { instanceOf: NotFoundError });
    return [error.code, error.message.replace(id, 'it')];
  };
  t.deepEqual(await refusalFor(sessionId, 'umbrella'), await refusalFor(newId(), 'acme'));
  t.is((await world.stored(sessionId))?.version, 2);
});

test('a hundred commands at once apply one after the other, in the order in which they came', async (t) => {
  const sessionId = await world.running();
  const before = (await world.stored(sessionId))?.version ?? 0;
  const ids = Array.from({ length: 100 }, () => randomUUID());
  const replies = await Promise.all(ids.map((id) => world.order(sessionId, 'checkpoint', { data: { id } }, { id })));
  t.deepEqual(
    replies.map(({ version }) => version),
    ids.map((_, index) => before + index + 1),
  );
  t.deepEqual((await world.commandIds(sessionId)).slice(-100), ids);
});

test('the same command a hundred times at once has one effect', async (t) => {
  const sessionId = await world.running();
  const before = (await world.stored(sessionId))?.version ?? 0;
  const id = randomUUID();
  const replies = await Promise.all(
    Array.from({ length: 100 }, () => world.order(sessionId, 'checkpoint', { data: {} }, { id })),
  );
  t.deepEqual(
    replies
      .map(({ outcome }) => outcome)
      .sort()
      .slice(0, 2),
    ['applied', 'repeated'],
  );
  t.is((await world.stored(sessionId))?.version, before + 1);
});

test('a command is repeated though it would be refused by now', async (t) => {
  const { sessionId } = await world.create();
  const id = randomUUID();
  t.is((await world.order(sessionId, 'cancel', {}, { id })).outcome, 'applied');
  t.like(await world.order(sessionId, 'cancel', {}, { id }), { outcome: 'repeated', status: 'cancelled', version: 3 });
});

test('a refusal names both states and what is possible, and leaves nothing behind', async (t) => {
  const { sessionId } = await world.create();
  const id = randomUUID();
  for (let count = 0; count < 2; count += 1) {
    const error = await t.throwsAsync(world.order(sessionId, 'pause', {}, { id }), { instanceOf: ConflictError });
    t.is(
      error.message,
      `Session ${sessionId} is queued and cannot become paused by "pause". Possible now: cancel, prompt.`,
    );
    t.like(error.facts, { status: 'queued', target: 'paused' });
  }
  t.false((await world.commandIds(sessionId)).includes(id));
});

test('a report that comes twice counts once', async (t) => {
  const sessionId = await world.running();
  const report = { token: '1.1', step: step('step-1'), resume: RESUME };
  const envelope = { id: 'report:1.1:step-1' };
  t.is((await world.send(sessionId, 'report-step', report, envelope)).outcome, 'applied');
  t.is((await world.send(sessionId, 'report-step', report, envelope)).outcome, 'repeated');
  t.is((await world.send(sessionId, 'report-step', report)).outcome, 'stale');
  t.is((await world.stored(sessionId))?.snapshot?.attempt?.steps, 1);
});

test('a report of a run that is over changes nothing', async (t) => {
  const sessionId = await world.running();
  await world.order(sessionId, 'pause', {});
  await world.order(sessionId, 'resume', {});
  await world.send(sessionId, 'dispatch', { serverId: 'server-1', schedulerEpoch: 1 });
  const before = await world.stored(sessionId);
  t.is((await world.send(sessionId, 'report-completed', completedReport('1.1'))).outcome, 'stale');
  t.deepEqual(await world.stored(sessionId), before);
  t.like(await world.send(sessionId, 'report-completed', completedReport('1.2')), { status: 'completed' });
});

test('a dispatch by a scheduler that was deposed is refused, and the session goes on waiting', async (t) => {
  const { sessionId } = await world.create();
  const dispatch = (schedulerEpoch: number) =>
    world.send(sessionId, 'dispatch', { serverId: 'server-1', schedulerEpoch });
  await t.throwsAsync(dispatch(0), { instanceOf: ConflictError, code: 'scheduler_deposed' });
  t.like(await dispatch(1), { status: 'running', outcome: 'applied' });
});

test('a command that names no session is refused', async (t) => {
  const nameless = { ...client(newId()), sessionId: null };
  const error = await t.throwsAsync(world.bus.request(sessionCommands.cancel, {}, nameless), {
    instanceOf: InvalidError,
  });
  t.is(error.code, 'no_session');
});

test('a deleted session no longer exists for clients', async (t) => {
  const { sessionId } = await world.create();
  await world.order(sessionId, 'cancel', {});
  t.is((await world.order(sessionId, 'delete', {})).outcome, 'applied');
  await t.throwsAsync(world.order(sessionId, 'delete', {}), { instanceOf: NotFoundError });
});

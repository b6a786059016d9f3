import { randomUUID } from 'node:crypto';
import { eventually } from '@oio/runtime/testing';
import { newMessageId } from '@oio/runtime';
import test from 'ava';
import { completedReport, RESUME, WORKSPACE } from './support/reports.ts';
import { FakeGateway } from './support/fake-gateway.ts';
import { SERVER, World } from './support/world.ts';

const world = await World.open();
await world.gateway.serves('server-1');
await world.startActor();
test.after.always(() => world[Symbol.asyncDispose]());

/** Ends the turn of an attempt well. `lastMessageId` is the last one of its conversation. */
async function end(sessionId: string, attempt: number, lastMessageId = RESUME.lastMessageId) {
  const report = { ...completedReport(`${attempt}.1`), resume: { ...RESUME, lastMessageId } };
  return world.send(sessionId, 'report-completed', report, { id: `report-completed:${attempt}.1:end` });
}

function orderOf(sessionId: string, attempt: number) {
  const order = () => world.gateway.ordersFor(sessionId).find((one) => one.attempt === attempt);
  return eventually(order, { what: `the order of attempt ${attempt}` });
}

test('the same prompt ten times at once is queued once, and has the id of its command', async (t) => {
  const sessionId = await world.running();
  const id = randomUUID();
  const replies = await Promise.all(
    Array.from({ length: 10 }, () => world.order(sessionId, 'prompt', { prompt: 'Test it.' }, { id })),
  );
  t.is(replies.filter(({ outcome }) => outcome === 'applied').length, 1);
  t.like((await world.stored(sessionId))?.snapshot?.prompts, [{ id, state: 'queued', prompt: 'Test it.' }]);
});

test('when a turn ends well the next prompt is ordered at once, with what the session was told before', async (t) => {
  const sessionId = await world.running();
  await world.order(sessionId, 'prompt', { prompt: 'Test it.' }, { id: `a-${sessionId}` });
  await world.order(sessionId, 'prompt', { prompt: 'Document it.' }, { id: `b-${sessionId}` });
  const first = await orderOf(sessionId, 1);
  await world.send(sessionId, 'report-prepared', { token: '1.1', workspace: WORKSPACE, resume: RESUME });
  t.false('earlier' in first);
  t.like(await end(sessionId, 1), { status: 'running', outcome: 'applied' });
  t.like(await end(sessionId, 1), { status: 'running', outcome: 'repeated' }, 'the report was sent again');
  const second = await orderOf(sessionId, 2);
  t.like(second, { prompt: 'Test it.', earlier: [first.prompt], serverId: 'server-1', run: 1, previousFailure: null });
  t.is(second.resume?.openCodeSessionId, RESUME.openCodeSessionId);
  t.true(second.fence > first.fence);
  await world.send(sessionId, 'report-prepared', { token: '2.1', workspace: WORKSPACE, resume: RESUME });
  await end(sessionId, 2);
  const third = await orderOf(sessionId, 3);
  t.like(third, { prompt: 'Document it.', earlier: [first.prompt, 'Test it.'] });
  t.like(await end(sessionId, 3), { status: 'completed' });
  t.is(new Set([first, second, third].map(({ messageId }) => messageId)).size, 3);
});

test('the id of a further prompt sorts after the last message of its conversation, though the clock of OpenCode is ahead', async (t) => {
  const sessionId = await world.running();
  await world.order(sessionId, 'prompt', { prompt: 'Test it.' });
  const last = newMessageId(Date.now() + 3_600_000);
  await end(sessionId, 1, last);
  t.true((await orderOf(sessionId, 2)).messageId > last);
});

test('a new owner orders the further prompt that was under way, under the same message id', async (t) => {
  await using other = await World.open();
  await other.gateway.serves('server-1');
  const dying = await other.startActor();
  const sessionId = await other.running();
  await other.order(sessionId, 'prompt', { prompt: 'Test it.' });
  await other.send(sessionId, 'report-completed', completedReport());
  const before = (await other.stored(sessionId))?.snapshot?.attempt;
  await dying.stop();
  other.gateway.executed.length = 0;
  await other.startActor();
  await other.send(sessionId, 'adopt', {});
  const again = await eventually(() => other.gateway.ordersFor(sessionId)[0], { what: 'the order of the new owner' });
  t.like(again, { attempt: 2, run: 1, messageId: before?.messageId, prompt: 'Test it.' });
});

test('further prompts go to the gateway that had the first one, which does one thing after the other', async (t) => {
  await using other = await World.open();
  await using stack = new AsyncDisposableStack();
  const gateways = ['a', 'b', 'c'].map((name) => ({ name, gateway: stack.use(new FakeGateway(other.bus)) }));
  for (const { name, gateway } of gateways) await gateway.announces(SERVER, name);
  await other.startActor();
  const sessionId = await other.running();
  const takersOf = (attempt: number) =>
    gateways.filter(({ gateway }) => gateway.ordersFor(sessionId).some((order) => order.attempt === attempt));
  const taken = (attempt: number) =>
    eventually(() => takersOf(attempt).map(({ name }) => name)[0], { what: `attempt ${attempt}` });
  const first = await taken(1);
  for (const attempt of [2, 3, 4, 5]) {
    await other.order(sessionId, 'prompt', { prompt: 'Go on.' });
    await other.send(sessionId, 'report-completed', completedReport(`${attempt - 1}.1`));
    t.is(await taken(attempt), first);
  }
});

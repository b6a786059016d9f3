import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createNullAgentServer, type NullAgentServer } from '../../src/testing/null-agent-server.ts';
import { openGateways } from '../support/gateway-pair.ts';

const SERVER = { id: 'null-1', url: 'http://127.0.0.1:9', password: 'none' };

test('an attempt that nobody else had costs one claim, one report before the prompt and one after it', async (t) => {
  await using gateways = await openGateways('/project');
  const { owner } = gateways;
  const agent = createNullAgentServer();
  await gateways.start({ servers: [SERVER], connect: () => agent });
  t.is((await owner.order(SERVER.id, 'do it')).state, 'started');
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end' });
  t.deepEqual(
    owner.reports.map(({ name }) => name),
    ['report-prepared', 'report-completed'],
  );
  t.like(owner.reports[1]?.payload, { steps: [{ finish: 'stop' }], result: { finish: 'stop' } });
  t.like(agent.calls, {
    createSession: 1,
    prompt: 1,
    messages: 1,
    activities: 2,
    pendingPermissions: undefined,
    listSessions: undefined,
  });
});

test('a gateway that was held up while another one took its run changes nothing more', async (t) => {
  await using scene = await heldBeforePrompt();
  const { gateways, owner, agent: held } = scene;
  const other = createNullAgentServer();
  await gateways.start({ connect: () => other });
  await eventually(async () => (await owner.order(SERVER.id, 'do it', { number: 2 })).state === 'started', {
    what: 'the other gateway takes the order',
  });
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 30_000 });
  scene.release();
  await settled(gateways, owner);
  t.is(changes(held), 1, 'the session that it had made before');
  t.is(other.calls['prompt'], 1);
});

test('a gateway that was held up while another one acted begins anew when its run is ordered again', async (t) => {
  await using scene = await heldBeforePrompt();
  const { gateways, owner, agent, gateway } = scene;
  const taker = await gateways.start({ connect: () => agent });
  const order = () => owner.order(SERVER.id, 'do it', { number: 2 });
  await eventually(async () => (await order()).gateway !== gateway, { what: 'the other gateway takes the order' });
  const other = `select from run_fences where gateway <> $1::uuid`;
  await eventually(async () => (await gateways.database.query(other, [gateway])).length > 0, { what: 'it acts' });
  await taker[Symbol.asyncDispose]();
  t.is((await owner.order(SERVER.id, 'do it', { number: 3 })).state, 'started');
  scene.release();
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 30_000 });
  t.is(agent.calls['prompt'], 1);
  t.is(agent.calls['createSession'], 2, 'what the other one may have sent lands nowhere');
});

test('a gateway whose owner has lost the session waits for the order of the new one', async (t) => {
  await using scene = await heldBeforePrompt();
  const { gateways, owner, agent } = scene;
  await owner.raiseEpoch(2);
  scene.release();
  await settled(gateways, owner);
  t.is(changes(agent), 1, 'the session that it had made before');

  t.is((await owner.order(SERVER.id, 'do it', { epoch: 2 })).state, 'already_running');
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end' });
  t.is(agent.calls['prompt'], 1);
});

test('a new owner’s order reaches the gateway that is at work, whichever one it is given to', async (t) => {
  await using scene = await heldBeforePrompt();
  const { gateways, owner, agent, gateway } = scene;
  await gateways.start({ connect: () => agent });
  await owner.raiseEpoch(2);
  const answers = [
    await owner.order(SERVER.id, 'do it', { epoch: 2 }),
    await owner.order(SERVER.id, 'do it', { epoch: 2 }),
  ];
  t.deepEqual(answers, [
    { state: 'already_running', gateway },
    { state: 'already_running', gateway },
  ]);
  scene.release();
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end' });
  t.is(agent.calls['prompt'], 1);
});

test('an order that comes after the stop has nothing done, and its end is told', async (t) => {
  await using gateways = await openGateways('/project');
  const { owner } = gateways;
  const agent = createNullAgentServer();
  await gateways.start({ servers: [SERVER], connect: () => agent });
  await owner.stop(SERVER.id);
  await owner.order(SERVER.id, 'do it');
  await eventually(() => owner.reported('report-closed').length === 1, { what: 'the end', withinMs: 20_000 });
  t.is(changes(agent), 0);
  t.deepEqual(owner.reported('report-prepared'), []);
});

test('a prompt that was not sent when its session was stopped is never sent', async (t) => {
  await using scene = await heldBeforePrompt();
  const { owner, agent } = scene;
  await owner.stop(SERVER.id);
  scene.release();
  await eventually(() => owner.reported('report-closed').length === 1, { what: 'the end', withinMs: 20_000 });
  t.is(agent.calls['prompt'], undefined);
  t.deepEqual(owner.reported('report-completed'), []);
});

type Gateways = Awaited<ReturnType<typeof openGateways>>;
type Owner = Gateways['owner'];

/** A run whose owner has not answered yet that it is prepared: the prompt would be its next call. */
async function heldBeforePrompt() {
  await using stack = new AsyncDisposableStack();
  const gateways = stack.use(await openGateways('/project'));
  const { owner } = gateways;
  const agent = createNullAgentServer();
  const latch = holdFirst(owner, 'report-prepared');
  await gateways.start({ servers: [SERVER], connect: () => agent });
  const { gateway } = await owner.order(SERVER.id, 'do it');
  await latch.reached;
  const owned = stack.move();
  return {
    gateways,
    owner,
    agent,
    gateway,
    release: latch.release,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Holds back the answer to the first report of that name. */
function holdFirst(owner: Owner, held: string) {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let isFirst = true;
  owner.onReport = async (name) => {
    if (name !== held || !isFirst) return;
    isFirst = false;
    reached.resolve();
    await released.promise;
  };
  return { reached: reached.promise, release: () => released.resolve() };
}

/** Waits until whoever was let go has asked the gate, and been told. */
async function settled({ database }: Gateways, { sessionId }: Owner): Promise<void> {
  for (let rounds = 0; rounds < 5; rounds += 1) {
    await database.query('select pg_sleep(0.1) from run_fences where session_id = $1::uuid', [sessionId]);
  }
}

function changes({ calls }: NullAgentServer): number {
  const changing = ['createSession', 'deleteSession', 'prompt', 'resume', 'abort'];
  return changing.reduce((sum, name) => sum + (calls[name] ?? 0), 0);
}

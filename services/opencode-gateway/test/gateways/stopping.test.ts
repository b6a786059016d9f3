import type { Database } from '@oio/persistence';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import type { AgentServer } from '../../src/ports.ts';
import { freezer } from '../support/freezer.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startStandInProcess } from '../support/stand-in-process.ts';

const SERVER = 'stand-in';
const SLOW = { withinMs: 30_000 };

test('a turn is ended with its sub-sessions, and the owner gets the proof', async (t) => {
  await using scene = await begin();
  await scene.start();
  await scene.order('hang=tool children=2', 3);
  t.is((await scene.owner.abort(SERVER)).state, 'aborting');
  const stop = await scene.proof();
  t.is(stop.children.length, 2);
  t.is(stop.aborted.length, 3);
  t.is(stop.readings, 3);
  t.is(stop.processes, null, 'a registered server shows no processes');
  t.is(await scene.running(), 0);
  t.is(scene.owner.reported('report-unconfirmed').length, 0);
});

test('a turn whose stop got lost on its way is ended by the gateway that works on it', async (t) => {
  await using scene = await begin();
  await scene.start();
  await scene.order('hang=tokens', 1);
  await scene.owner.stop(SERVER);
  t.is((await scene.proof()).aborted.length, 1);
  t.is(await scene.running(), 0);
});

test('a turn whose stop nobody was told of is found and ended', async (t) => {
  await using scene = await begin();
  const first = await scene.start();
  await scene.order('hang=tokens', 1);
  await first[Symbol.asyncDispose]();
  await scene.owner.stop(SERVER);
  t.is(await scene.running(), 1, 'it goes on without a gateway');
  await scene.start();
  await scene.forgetHolder();
  t.is((await scene.proof()).aborted.length, 1);
  t.is(await scene.running(), 0);
});

test('a turn that goes on in spite of it takes its server out of service, until it has ended after all', async (t) => {
  let isDeaf = true;
  await using scene = await begin();
  await scene.start((agent) => {
    const abort = agent.abort.bind(agent);
    return overriding(agent, 'abort', (session) => (isDeaf ? Promise.resolve() : abort(session)));
  });
  await scene.order('hang=tokens', 1);
  await scene.owner.stop(SERVER);
  await scene.owner.abort(SERVER);
  const [doubt] = await eventually(() => nonEmpty(scene.owner.reported('report-unconfirmed')), {
    what: 'the doubt',
    ...SLOW,
  });
  t.like(doubt?.payload, { failure: { code: 'stop_unconfirmed' } });
  t.regex((await scene.draining()) ?? '', /could not be shown that the turn of session .* has ended: ses_\w+ went on/);
  t.is(scene.owner.reported('report-closed').length, 0);

  isDeaf = false;
  t.is((await scene.proof()).aborted.length, 1);
  await eventually(async () => (await scene.draining()) === null, { what: 'the server is back', ...SLOW });
  t.is(scene.owner.reported('report-unconfirmed').length, 1);
});

test('a server that leaves a stop without an answer is no proof either', async (t) => {
  await using scene = await begin();
  await scene.start();
  await scene.order('hang=tokens', 1);
  await scene.owner.stop(SERVER);
  await scene.standIn.setFaults('hang');
  await scene.owner.abort(SERVER);
  await eventually(() => nonEmpty(scene.owner.reported('report-unconfirmed')), { what: 'the doubt', ...SLOW });
  await scene.standIn.setFaults();
  t.is((await scene.proof()).aborted.length, 1);
  t.is(await scene.running(), 0);
});

test('a gateway that leaves while a server does not answer its stop goes at once, and the next one ends the turn', async (t) => {
  await using scene = await begin();
  const first = await scene.start();
  await scene.order('hang=tokens', 1);
  await scene.owner.stop(SERVER);
  await scene.standIn.setFaults('hang');
  await scene.owner.abort(SERVER);
  const fromMs = performance.now();
  await first[Symbol.asyncDispose]();
  t.true(performance.now() - fromMs < 10_000);
  await scene.standIn.setFaults();
  await scene.forgetHolder();
  await scene.start();
  t.is((await scene.proof()).aborted.length, 1);
  t.is(await scene.running(), 0);
  t.is(scene.owner.reported('report-unconfirmed').length, 0);
});

test('a turn on a server that nobody reaches any more is in doubt, also for a gateway that comes later', async (t) => {
  await using scene = await begin();
  const first = await scene.start();
  await scene.order('hang=tokens', 1);
  await first[Symbol.asyncDispose]();
  await scene.standIn[Symbol.asyncDispose]();
  await scene.owner.stop(SERVER);
  await scene.forgetHolder();
  await scene.start();
  const [doubt] = await eventually(() => nonEmpty(scene.owner.reported('report-unconfirmed')), {
    what: 'the doubt',
    withinMs: 60_000,
  });
  t.like(doubt?.payload, { failure: { code: 'stop_unconfirmed', message: 'Its OpenCode server cannot be reached.' } });
  t.regex((await scene.draining()) ?? '', /cannot be reached/);
});

test('the turn of a run that fails for a reason of ours is ended', async (t) => {
  await using scene = await begin();
  let isBroken = false;
  await scene.start((agent) => {
    const messages = agent.messages.bind(agent);
    return overriding(agent, 'messages', (...asked) => {
      if (!isBroken) return messages(...asked);
      isBroken = false;
      throw new TypeError('A defect.');
    });
  });
  await scene.order('hang=tokens', 1);
  isBroken = true;
  const stop = await scene.proof();
  t.is(stop.aborted.length, 1);
  t.is(await scene.running(), 0);
  const [failed] = scene.owner.reported('report-failed');
  t.like(failed?.payload, { failure: { code: 'internal' }, mayStillRun: true });
});

test('of a run that fails before it has seen the turn that it adopts nobody says that this has ended', async (t) => {
  await using scene = await begin();
  const first = await scene.start();
  await scene.order('hang=tokens', 1);
  await first[Symbol.asyncDispose]();
  await scene.forgetHolder();
  await scene.start((agent) => overriding(agent, 'agents', () => Promise.reject(new TypeError('A defect.'))));
  await scene.owner.order(SERVER, '[[work hang=tokens]]', { number: 2 });
  const [failed] = await eventually(() => nonEmpty(scene.owner.reported('report-failed')), { what: 'the failure' });
  t.like(failed?.payload, { failure: { code: 'internal' }, mayStillRun: true });
});

test('a prompt that a frozen gateway sends after the stop was shown lands nowhere', async (t) => {
  using frozen = freezer();
  await using scene = await begin();
  await scene.start((agent) => frozen.before(agent), frozen.reach);
  await scene.owner.order(SERVER, '[[work hang=tokens]]');
  await frozen.reached;
  await scene.owner.stop(SERVER);
  await scene.forgetHolder();
  await scene.start();
  t.true((await scene.proof()).conversationDeleted);
  await frozen.thaw();
  t.is(await scene.running(), 0);
  t.deepEqual(await scene.sessions(), []);
});

test('a turn that a frozen gateway wakes up after the stop was shown is ended again', async (t) => {
  using frozen = freezer('resume');
  await using scene = await begin();
  const cut = await scene.start((agent) => frozen.before(agent), frozen.reach);
  await scene.owner.order(SERVER, '[[work cut hang=tokens]]');
  await frozen.reached;
  await scene.owner.stop(SERVER);
  await scene.forgetHolder();
  await scene.start();
  t.false((await scene.proof()).conversationDeleted);
  await frozen.thaw();
  await eventually(async () => (await scene.standIn.counts()).resumes[scene.owner.messageId] === 1);
  await eventually(async () => (await scene.running()) === 0, { what: 'the woken turn is ended', ...SLOW });
  await cut[Symbol.asyncDispose]();
});

function nonEmpty<T>(list: readonly T[]): readonly T[] | null {
  return list.length > 0 ? list : null;
}

function overriding<N extends keyof AgentServer>(agent: AgentServer, name: N, value: AgentServer[N]): AgentServer {
  Object.defineProperty(agent, name, { value });
  return agent;
}

async function begin() {
  await using stack = new AsyncDisposableStack();
  const standIn = stack.use(await startStandInProcess());
  const gateways = stack.use(await openGateways('/'));
  const { owner, database } = gateways;
  const running = async () => (await standIn.counts()).turns.running;
  const owned = stack.move();
  return {
    standIn,
    owner,
    running,
    start: (change = (agent: AgentServer) => agent, reach?: (database: Database) => Database) =>
      gateways.start({
        ...(reach && { reach }),
        servers: [{ id: SERVER, url: standIn.url, password: standIn.password }],
        connect: (known) => change(new OpencodeAgentServer({ ...known, events: { firstDelayMs: 50 } })),
        settings: { OPENCODE_STOP_SECONDS: '2' },
      }),
    async order(directive: string, turns: number) {
      await owner.order(SERVER, `[[work ${directive}]]`);
      await eventually(async () => (await running()) === turns, { what: `${turns} turns run`, ...SLOW });
    },
    async sessions() {
      await using agent = new OpencodeAgentServer({ url: standIn.url, password: standIn.password });
      return await agent.listSessions('/');
    },
    /** As if the gateway that acted last had been silent for long. */
    forgetHolder: () => database.query("update run_fences set at = now() - interval '1 minute'"),
    async draining() {
      const [row] = await database.query<{ draining: string | null }>(
        'select out_of_service as draining from servers where id = $1',
        [SERVER],
      );
      return row?.draining;
    },
    proof: () => owner.proof(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

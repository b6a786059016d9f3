import { join } from 'node:path';
import { newMessageId } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { findProcess } from '../../src/managed-server/process-table.ts';
import { readState } from '../../src/managed-server/state-file.ts';
import type { AgentServer } from '../../src/ports.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { makePlace, MODEL } from '../support/real-server.ts';
import { writtenPid } from '../support/written-pid.ts';

const SLOW = { withinMs: 90_000 };

test('a stop ends what the tools left in the background; a prompt that OpenCode has queued stays asleep', async (t) => {
  await using scene = await begin();
  const { owner, serverId, model, directory, agent } = scene;
  const pidFile = join(directory, 'left.pid');
  const server = await scene.pid();
  await owner.order(serverId, `bash setsid sleep 97.1 >/dev/null 2>&1 & echo $! > ${pidFile}; sleep 97.2`);
  const left = await writtenPid(pidFile, SLOW);
  const [session] = await agent.listSessions(directory);
  const ref = { sessionId: session?.id ?? '', directory };
  const queued = { ...ref, messageId: newMessageId(), agent: 'industrial-coder', model: MODEL, text: 'say I woke up' };
  await agent.prompt(queued);
  await eventually(() => agent.message(ref, queued.messageId), { what: 'the queued prompt', ...SLOW });
  t.is(await scene.pid(), server, 'the server was started anew');
  t.not(findProcess(left), null, `it is gone before the stop; told: ${JSON.stringify(owner.reports)}`);

  await owner.stop(serverId);
  await owner.abort(serverId);
  const stop = await scene.proof();
  t.deepEqual(stop.aborted, [ref.sessionId]);
  t.deepEqual(stop.processes, [{ pid: left, name: 'sleep' }]);
  t.is(findProcess(left), null);
  const calls = model.requests.length;
  const messages = (await agent.messages(ref)).length;
  let looks = 0;
  await eventually(async () => {
    t.is((await agent.activities(directory)).size, 0);
    looks += 1;
    return looks === 15;
  });
  t.is(model.requests.length, calls);
  t.is((await agent.messages(ref)).length, messages);
});

test('a managed server on which a turn cannot be stopped is started anew at once, which ends the turn', async (t) => {
  const deaf = (agent: AgentServer): AgentServer => {
    Object.defineProperty(agent, 'abort', { value: async () => {} });
    return agent;
  };
  await using scene = await begin(deaf, { OPENCODE_STOP_SECONDS: '5' });
  const { owner, serverId } = scene;
  const before = await scene.pid();
  await owner.order(serverId, 'hold thinking');
  await eventually(() => scene.model.requests.length === 1, { what: 'the turn runs', ...SLOW });
  await owner.stop(serverId);
  await owner.abort(serverId);
  await eventually(() => owner.reported('report-unconfirmed').length === 1, { what: 'the doubt', ...SLOW });
  await scene.proof();
  t.is(findProcess(before ?? 0), null);
  t.not(await scene.pid(), before);
  t.deepEqual(await scene.database.query('select out_of_service from servers'), [{ out_of_service: null }]);
  t.is(owner.reported('report-unconfirmed').length, 1);
});

/** A gateway with a managed server on the real binary, and one session. */
async function begin(change = (agent: AgentServer) => agent, settings: Record<string, string> = {}) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  const gateways = stack.use(await openGateways(place.repository));
  const { owner, database } = gateways;
  await gateways.start({
    managed: { directory: place.data, model, count: 1 },
    connect: (known) => change(new OpencodeAgentServer(known)),
    settings,
  });
  const state = async () => readState(join(place.data, 'server.json'));
  const first = await state();
  const agent = stack.use(
    new OpencodeAgentServer({ url: `http://127.0.0.1:${first?.port}`, password: first?.password ?? '' }),
  );
  const owned = stack.move();
  return {
    directory: place.repository,
    model,
    owner,
    database,
    agent,
    serverId: first?.id ?? '',
    pid: async () => (await state())?.server?.pid,
    proof: () => owner.proof(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

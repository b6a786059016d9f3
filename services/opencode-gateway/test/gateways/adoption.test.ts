import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { freezer } from '../support/freezer.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { makePlace, optionsFor, promptsIn, startRealServer } from '../support/real-server.ts';

test('when a gateway ends in mid-turn another one adopts the turn: one prompt, one result', async (t) => {
  await using scene = await begin();
  const { gateways, owner, model, server } = scene;
  const first = await gateways.start({ servers: [server] });
  await owner.order(server.id, 'hold thinking');
  await eventually(() => model.requests.length === 1, { what: 'the turn is under way', withinMs: 60_000 });
  await gateways.start({});
  await first[Symbol.asyncDispose]();

  const { state } = await eventually(() => owner.order(server.id, 'hold thinking', { number: 2 }).catch(() => null), {
    what: 'the second gateway takes the order',
  });
  t.is(state, 'started');
  model.release();
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 30_000 });
  t.like(owner.reported('report-completed')[0]?.payload, { result: { text: 'thinking' } });
  t.is(owner.reported('report-prepared').length, 1);
  t.is(model.requests.length, 1);
  const [session] = await scene.sessions();
  t.is(promptsIn(await scene.agent.messages({ sessionId: session?.id ?? '', directory: scene.directory })), 1);
});

test('a prompt that a frozen gateway sends after another one took its run lands nowhere', async (t) => {
  await using scene = await begin();
  const { gateways, owner, model, server } = scene;
  using frozen = freezer();
  await gateways.start({
    servers: [server],
    connect: (known) => frozen.before(new OpencodeAgentServer(known)),
  });
  await owner.order(server.id, 'say once');
  await frozen.reached;
  t.is(owner.reported('report-prepared').length, 1);
  const [given] = await scene.sessions();

  await gateways.start({});
  await eventually(async () => (await owner.order(server.id, 'say once', { number: 2 })).state === 'started', {
    what: 'the order is taken by the second gateway',
  });
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 60_000 });
  t.is(owner.reported('report-prepared').length, 2);
  const ref = { sessionId: given?.id ?? '', directory: scene.directory };
  t.is(await scene.agent.getSession(ref), null, 'the session of the frozen one is deleted');

  await frozen.thaw();
  t.is(model.requests.length, 1);
  const [used] = await scene.sessions();
  t.is(promptsIn(await scene.agent.messages({ ...ref, sessionId: used?.id ?? '' })), 1);
});

async function begin() {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  const { agent, server } = stack.use(await startRealServer(optionsFor(model, place.data)));
  const directory = place.repository;
  const gateways = stack.use(await openGateways(directory));
  const owned = stack.move();
  const { id, url, password } = server;
  return {
    gateways,
    owner: gateways.owner,
    model,
    agent,
    directory,
    server: { id, url, password },
    sessions: () => agent.listSessions(directory),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

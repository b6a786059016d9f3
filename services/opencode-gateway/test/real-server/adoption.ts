import { eventually } from '@oio/runtime/testing';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import type { FakeOwner } from '../support/fake-owner.ts';
import { freezer } from '../support/freezer.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { promptsIn } from '../support/real-server.ts';
import { test } from './shared-server.ts';

test.serial('when a gateway ends in mid-turn another one adopts the turn: one prompt, one result', async (t) => {
  const { agent, directory, model, server } = t.context;
  const before = model.requests.length;
  await using gateways = await openGateways(directory);
  const { owner } = gateways;
  const first = await gateways.start({ servers: [server] });
  await owner.order(server.id, 'hold thinking');
  await eventually(() => model.requests.length === before + 1, { what: 'the turn is under way', withinMs: 60_000 });
  await gateways.start({});
  await first[Symbol.asyncDispose]();

  const { state } = await eventually(() => owner.order(server.id, 'hold thinking', { number: 2 }).catch(() => null), {
    what: 'the second gateway takes the order',
  });
  t.is(state, 'started');
  model.release();
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 30_000 });
  t.like(owner.reported('report-completed')[0]?.payload, { result: { text: 'thinking' } });
  const [used, ...others] = sessionsOf(owner);
  t.deepEqual(others, []);
  t.is(model.requests.length, before + 1);
  t.is(promptsIn(await agent.messages({ sessionId: used ?? '', directory })), 1);
});

test.serial('a prompt that a frozen gateway sends after another one took its run lands nowhere', async (t) => {
  const { agent, directory, model, server } = t.context;
  const before = model.requests.length;
  await using gateways = await openGateways(directory);
  const { owner } = gateways;
  using frozen = freezer();
  await gateways.start({
    servers: [server],
    connect: (known) => frozen.before(new OpencodeAgentServer(known)),
  });
  await owner.order(server.id, 'say once');
  await frozen.reached;
  t.is(sessionsOf(owner).length, 1);

  await gateways.start({});
  await eventually(async () => (await owner.order(server.id, 'say once', { number: 2 })).state === 'started', {
    what: 'the order is taken by the second gateway',
  });
  await eventually(() => owner.reported('report-completed').length === 1, { what: 'the end', withinMs: 60_000 });
  const [given = '', used = '', ...others] = sessionsOf(owner);
  t.deepEqual(others, []);
  t.is(await agent.getSession({ sessionId: given, directory }), null, 'the session of the frozen one is deleted');

  await frozen.thaw();
  t.is(model.requests.length, before + 1);
  t.is(promptsIn(await agent.messages({ sessionId: used, directory })), 1);
});

/** The conversations that were opened for it, in their order. */
function sessionsOf(owner: FakeOwner): string[] {
  const opened = owner
    .reported('report-prepared')
    .map(({ payload }) => payload as { resume: { openCodeSessionId: string } });
  return opened.map(({ resume }) => resume.openCodeSessionId);
}

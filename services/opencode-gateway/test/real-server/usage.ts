import type { FinishedStep, ModelCall, ResumePoint, SessionCommandName } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import type { FakeOwner } from '../support/fake-owner.ts';
import { openGateways } from '../support/gateway-pair.ts';
import { test } from './shared-server.ts';

/** What a step of the scripted model takes, at the prices of the fake provider. */
const STEP = { tokens: { input: 100, output: 20 }, costUsd: 0.00014, model: 'fake/m' };

test.serial('what a real sub-agent takes is told, once, beside the steps of the session', async (t) => {
  const { server, agent, directory } = t.context;
  await using gateways = await openGateways(directory);
  await gateways.start({ servers: [server] });
  const { owner } = gateways;
  await owner.order(server.id, 'task say hello');
  const [end] = await reports(owner, 'report-completed');
  const steps = [
    ...payloads<{ step: FinishedStep }>(owner, 'report-step').map(({ step }) => step),
    ...(end?.steps ?? []),
  ];
  t.like(steps, [STEP, STEP], 'the order to the sub-agent, and the end');
  t.is(steps.length, 2);
  const calls = callsOf(owner);
  t.like(calls, [{ ...STEP, apiCalls: 1, apiErrors: 0 }]);
  t.is(calls.length, 1);
  const [prepared] = payloads<{ resume: ResumePoint }>(owner, 'report-prepared');
  const sessionId = prepared?.resume.openCodeSessionId ?? '';
  const [child] = await agent.children({ sessionId, directory });
  t.is(calls[0]?.openCodeSessionId, child?.id);
});

test.serial('a call that the provider refuses for good is a call, and an error', async (t) => {
  const { server, directory } = t.context;
  await using gateways = await openGateways(directory);
  await gateways.start({ servers: [server] });
  await gateways.owner.order(server.id, 'status 401');
  await reports(gateways.owner, 'report-failed');
  t.like(callsOf(gateways.owner), [{ costUsd: 0, apiCalls: 1, apiErrors: 1 }]);
});

function reports(owner: FakeOwner, name: SessionCommandName): Promise<{ steps: FinishedStep[] }[]> {
  const found = () => payloads<{ steps: FinishedStep[] }>(owner, name);
  return eventually(() => (found().length > 0 ? found() : null), { what: name, withinMs: 60_000 });
}

function callsOf(owner: FakeOwner): ModelCall[] {
  return payloads<{ calls: ModelCall[] }>(owner, 'report-usage').flatMap(({ calls }) => calls);
}

function payloads<T>(owner: FakeOwner, name: SessionCommandName): T[] {
  return owner.reported(name).map(({ payload }) => payload as T);
}

import type { AttemptOrder } from '@oio/contracts';
import { createInProcessBus } from '@oio/messaging';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import type { ChosenAgent } from '../../src/attempts/choose-agent.ts';
import { driveTurn } from '../../src/attempts/drive-turn.ts';
import { gatedLink, type RunGate } from '../../src/attempts/run-gate.ts';
import { TurnHealth } from '../../src/attempts/turn-health.ts';
import { createServerLink } from '../../src/server-link.ts';
import { DEFAULT_LIMITS } from '../../src/turn/turn-limits.ts';
import { createNullAgentServer } from '../../src/testing/null-agent-server.ts';

test('a prompt waits for its turn before the gate is passed, so that the gate’s answer is fresh when it is sent', async (t) => {
  const said: string[] = [];
  const agent = createNullAgentServer();
  const link = createServerLink('one');
  link.set({ ...agent, prompt: async (prompt) => (said.push('prompt'), agent.prompt(prompt)) }, { restarted: false });
  const gate: RunGate = {
    pass: async () => void said.push('gate'),
    confirm: async () => {},
    claim: () => Promise.reject(new Error('It is not asked for.')),
    isWorking: async () => true,
  };
  const { signal } = new AbortController();
  const { id } = await agent.createSession({ directory: '/project', title: 'A session' });
  await using bus = createInProcessBus();
  const reporter = { report: async () => 'running' as const };
  const end = await driveTurn({
    link: gatedLink(link, gate, signal),
    bus,
    order: ORDER,
    ref: { sessionId: id, directory: '/project' },
    sameConversation: false,
    isPrepared: false,
    chosen: CHOSEN,
    reporter,
    health: new TurnHealth(reporter, { mayBeImpaired: false, calmMs: 0 }),
    limits: DEFAULT_LIMITS,
    state: { openCodeSession: null, sentAtMs: null, settle: null },
    endProcesses: async () => null,
    awaitPromptTurn: async () => void said.push('turn'),
    files: async () => null,
    records: { of: async () => [] },
    logger: createLogger('opencode-gateway', { level: 'silent' }),
    signal,
  });
  t.is(end.type, 'finished');
  t.deepEqual(said, ['turn', 'gate', 'prompt']);
});

const CHOSEN: ChosenAgent = {
  agent: 'industrial-coder',
  model: { providerId: 'null', modelId: 'null' },
  system: undefined,
  tools: undefined,
  warnings: [],
};

const ORDER = {
  sessionId: 'one',
  tenant: 'acme',
  messageId: 'msg_1',
  prompt: 'do it',
  lastStepId: null,
  counted: {},
  resume: null,
  previousFailure: null,
} as unknown as AttemptOrder;

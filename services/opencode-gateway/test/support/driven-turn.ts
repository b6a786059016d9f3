import type { AttemptOrder } from '@oio/contracts';
import { createInProcessBus } from '@oio/messaging';
import { type Clock, createLogger, createSetClock } from '@oio/runtime';
import type { ChosenAgent } from '../../src/attempts/choose-agent.ts';
import { driveTurn } from '../../src/attempts/drive-turn.ts';
import { gatedLink } from '../../src/attempts/gated-link.ts';
import type { RunGate } from '../../src/attempts/run-gate.ts';
import { TurnHealth } from '../../src/attempts/turn-health.ts';
import type { AwaitPromptTurn } from '../../src/prompt-limit.ts';
import type { AgentServer } from '../../src/ports.ts';
import { createServerLink } from '../../src/server-link.ts';
import { DEFAULT_LIMITS } from '../../src/turn/turn-limits.ts';

export interface DrivenTurn {
  readonly pass?: RunGate['pass'];
  readonly awaitPromptTurn?: AwaitPromptTurn;
  /** Told of each report, by its name; it is delivered when this resolves. */
  readonly onReport?: (name: string, payload: object) => Promise<void>;
  /** The database's; one that shows the machine's time by default. */
  readonly clock?: Clock;
}

/** Drives the first turn of a new conversation on a server to its end. */
export async function drivenTurn(agent: AgentServer, options: DrivenTurn = {}) {
  const { pass = async () => {}, awaitPromptTurn = async () => {}, onReport, clock = createSetClock() } = options;
  const link = createServerLink('one');
  link.set(agent, { restarted: false });
  const gate = gateOf(pass);
  const { signal } = new AbortController();
  const { id } = await agent.createSession({ directory: '/project', title: 'A session' });
  await using bus = createInProcessBus();
  const report = async (name: string, _about: string, payload: object): Promise<'running'> => {
    await onReport?.(name, payload);
    return 'running';
  };
  const reporter = { report };
  return await driveTurn({
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
    state: { openCodeSession: null, mayWork: false, sentAtMs: null, settle: null },
    endProcesses: async () => null,
    awaitPromptTurn,
    files: async () => null,
    records: { of: async () => [] },
    logger: createLogger('opencode-gateway', { level: 'silent' }),
    clock,
    signal,
  });
}

function gateOf(pass: RunGate['pass']): RunGate {
  const notAskedFor = () => Promise.reject(new Error('It is not asked for.'));
  return {
    pass,
    passToWork: pass,
    confirm: async () => {},
    claim: notAskedFor,
    claimToWork: notAskedFor,
    isWorking: async () => true,
  };
}

const CHOSEN: ChosenAgent = {
  agent: 'industrial-coder',
  model: { providerId: 'null', modelId: 'null' },
  byDefault: false,
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

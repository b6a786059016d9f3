import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { EventBuffer } from '../../src/adapters/event-buffer.ts';
import type { AgentEvent } from '../../src/agent-server/events.ts';
import type { TurnMessage } from '../../src/agent-server/messages.ts';
import type { AgentServer } from '../../src/ports.ts';
import { createNullAgentServer } from '../../src/testing/null-agent-server.ts';
import { drivenTurn } from '../support/driven-turn.ts';
import { agentError, openReply, reply, userMessage } from '../support/messages.ts';

const TURNS = 10;
/** Events come in bursts, and what they announce is read so much later. */
const SETTLE_MS = 100;

test('a server that is heard is read when it tells of the end of the turn: once, and at once', async (t) => {
  t.true((await shortestOf(tellingServer)) < SETTLE_MS);
  const server = tellingServer();
  await drivenTurn(server);
  t.is(server.calls['messages'], 1);
});

test('a server that is not heard is read as soon as it has the prompt', async (t) => {
  t.true((await shortestOf(createNullAgentServer)) < SETTLE_MS);
});

test('the end of an answer is waited for, that of none is not', async (t) => {
  const open = [userMessage(), openReply(1)];
  const readingsOf = async (messages: readonly TurnMessage[]): Promise<number> => {
    let readings = 0;
    const server = failingServer(async () => (readings++, messages));
    t.like(await drivenTurn(server), { type: 'failed', failure: { code: 'agent_not_found' } });
    return readings;
  };
  t.is(await readingsOf([userMessage()]), 2);
  t.is(await readingsOf([userMessage(), reply(1, { finish: null, parts: [], error: agentError() })]), 2);
  t.true((await readingsOf(open)) > 2);
});

test('a provider that wants an hour is given up at once, also while it is being told', async (t) => {
  const took: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const reports: string[] = [];
    const { server, told } = refusingServer();
    const onReport = async (name: string): Promise<void> => {
      await eventually(() => told.abortedAtMs > 0, { what: 'the abort' });
      reports.push(name);
    };
    const end = await drivenTurn(server, { onReport });
    t.like(end, { type: 'failed', failure: { code: 'retry_wait_too_long' }, mayStillRun: false });
    t.deepEqual(reports, ['report-degraded']);
    took.push(told.abortedAtMs - told.saidAtMs);
  }
  t.true(Math.min(...took) < SETTLE_MS);
});

/** In milliseconds; machines that run tests stand still at times. */
async function shortestOf(server: () => AgentServer): Promise<number> {
  const took: number[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const beganAtMs = performance.now();
    await drivenTurn(server());
    took.push(performance.now() - beganAtMs);
  }
  return Math.min(...took);
}

/** Works on each prompt for a moment, and tells of it as OpenCode does. */
function tellingServer() {
  const server = createNullAgentServer();
  const reader = new EventBuffer(() => {});
  const busy = new Map<string, { readonly type: 'busy' }>();
  const telling: Partial<AgentServer> = {
    hearing: () => ({ sinceMs: 0, lastAtMs: performance.now() }),
    events({ signal } = {}) {
      signal?.addEventListener('abort', () => reader.close());
      return reader;
    },
    async prompt(prompt) {
      await server.prompt(prompt);
      busy.set(prompt.sessionId, { type: 'busy' });
      setImmediate(() => {
        busy.clear();
        for (const event of eventsOfTurn(prompt.sessionId)) reader.push(event);
      });
    },
    activities: async () => busy,
  };
  return { ...server, ...telling };
}

/** Knows no agent when it is prompted, which it tells by an event only. */
function failingServer(messages: AgentServer['messages']): AgentServer {
  const server = tellingServer();
  const reader = new EventBuffer(() => {});
  const failing: Partial<AgentServer> = {
    events({ signal } = {}) {
      signal?.addEventListener('abort', () => reader.close());
      return reader;
    },
    async prompt({ sessionId }) {
      const error = agentError({ name: 'UnknownError', message: 'Agent not found: "nobody"' });
      setImmediate(() => reader.push({ type: 'error', sessionId, error }));
    },
    activities: async () => new Map(),
    messages,
  };
  return { ...server, ...failing };
}

/** Waits for an hour before it asks its provider again, until it is aborted. */
function refusingServer() {
  const server = tellingServer();
  const retry = { type: 'retry', attempt: 1, message: 'Too Many Requests', nextAtMs: Date.now() + 3_600_000 } as const;
  const told = { saidAtMs: 0, abortedAtMs: 0 };
  const reader = new EventBuffer(() => {});
  const waiting = new Map<string, typeof retry>();
  const refusing: Partial<AgentServer> = {
    events({ signal } = {}) {
      signal?.addEventListener('abort', () => reader.close());
      return reader;
    },
    async prompt(prompt) {
      waiting.set(prompt.sessionId, retry);
      setImmediate(() => {
        told.saidAtMs = performance.now();
        reader.push({ type: 'activity', sessionId: prompt.sessionId, activity: retry });
      });
    },
    activities: async () => waiting,
    async abort({ sessionId }) {
      told.abortedAtMs ||= performance.now();
      waiting.delete(sessionId);
    },
  };
  return { server: { ...server, ...refusing }, told };
}

function eventsOfTurn(sessionId: string): AgentEvent[] {
  return [
    { type: 'activity', sessionId, activity: { type: 'busy' } },
    { type: 'message', sessionId, messageId: 'msg_1r', completed: false },
    { type: 'message', sessionId, messageId: 'msg_1r', completed: true },
    { type: 'activity', sessionId, activity: { type: 'idle' } },
  ];
}

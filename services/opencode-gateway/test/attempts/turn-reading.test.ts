import test from 'ava';
import { EventBuffer } from '../../src/adapters/event-buffer.ts';
import type { AgentEvent } from '../../src/agent-server/events.ts';
import type { AgentServer } from '../../src/ports.ts';
import { createNullAgentServer } from '../../src/testing/null-agent-server.ts';
import { drivenTurn } from '../support/driven-turn.ts';

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

function eventsOfTurn(sessionId: string): AgentEvent[] {
  return [
    { type: 'activity', sessionId, activity: { type: 'busy' } },
    { type: 'message', sessionId, messageId: 'msg_1r', completed: false },
    { type: 'message', sessionId, messageId: 'msg_1r', completed: true },
    { type: 'activity', sessionId, activity: { type: 'idle' } },
  ];
}

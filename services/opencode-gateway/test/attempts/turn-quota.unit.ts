import type { Failure } from '@oio/contracts';
import { createSetClock } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { EventBuffer } from '../../src/adapters/event-buffer.ts';
import type { Activity } from '../../src/agent-server/events.ts';
import type { TurnMessage } from '../../src/agent-server/messages.ts';
import type { AgentServer } from '../../src/ports.ts';
import { createNullAgentServer } from '../../src/testing/null-agent-server.ts';
import { drivenTurn } from '../support/driven-turn.ts';
import { agentError, reply, userMessage } from '../support/messages.ts';

const HOUR_MS = 3_600_000;
/** For what passes between the provider's word and its being heard. */
const TOLERANCE_MS = 5_000;

for (const [what, aheadMs] of [
  ['ahead of', HOUR_MS],
  ['behind', -HOUR_MS],
] as const) {
  // The machine's clock cannot be set here, so that it is the database's that is off.
  const databaseClock = () => {
    const clock = createSetClock();
    clock.set(new Date(Date.now() - aheadMs));
    return clock;
  };

  test(`by a machine an hour ${what} the database a model is closed until the database’s time while OpenCode waits`, async (t) => {
    const clock = databaseClock();
    const failures: Failure[] = [];
    const { server, move } = waitingServer(60_000);
    const dueAtMs = Date.parse(clock.now()) + 60_000;
    const turn = drivenTurn(server, {
      clock,
      onReport: async (_name, payload) => void failures.push(...inIt(payload)),
    });
    await eventually(() => failures.length > 0, { what: 'the report' });
    for (let look = 0; look < 3; look += 1) {
      clock.set(new Date(Date.parse(clock.now()) + 10));
      await move();
    }
    t.is(failures.length, 1);
    assertNear(t, failures[0], dueAtMs);
    await move({ refused: true });
    await turn;
  });

  test(`by a machine an hour ${what} the database a model is closed until the database’s time when the turn has failed`, async (t) => {
    const clock = databaseClock();
    const dueAtMs = Date.parse(clock.now()) + 60_000;
    const { server, move } = waitingServer(60_000);
    const turn = drivenTurn(server, { clock });
    await move({ refused: true });
    const end = await turn;
    assertNear(t, end.type === 'failed' ? end.failure : undefined, dueAtMs);
  });
}

function inIt(payload: object): Failure[] {
  return 'failure' in payload ? [payload.failure as Failure] : [];
}

function assertNear(t: { true(value: boolean, message?: string): void }, failure: Failure | undefined, atMs: number) {
  const resetAt = failure?.quota?.resetAt ?? 'never';
  const offMs = Math.abs(Date.parse(resetAt) - atMs);
  t.true(offMs < TOLERANCE_MS, `until ${resetAt}, not ${new Date(atMs).toISOString()}`);
}

/** Waits before it asks its provider again, as that has named a time; in the end it is refused for good. */
function waitingServer(waitMs: number) {
  const nextAtMs = Date.now() + waitMs;
  const activity: Activity = { type: 'retry', attempt: 1, message: 'Too Many Requests', nextAtMs };
  const reader = new EventBuffer(() => {});
  const activities = new Map<string, Activity>();
  const state = { readings: 0, prompted: '', messages: [userMessage({ id: 'msg_1' })] as readonly TurnMessage[] };
  const tell = (): void => reader.push({ type: 'activity', sessionId: state.prompted, activity });
  const waiting: Partial<AgentServer> = {
    hearing: () => ({ sinceMs: 0, lastAtMs: performance.now() }),
    events({ signal } = {}) {
      signal?.addEventListener('abort', () => reader.close());
      return reader;
    },
    async prompt({ sessionId }) {
      state.prompted = sessionId;
      activities.set(sessionId, activity);
      setImmediate(tell);
    },
    activities: async () => activities,
    messages: async () => (state.readings++, state.messages),
  };
  /** Has the turn looked at once more, and waits until that is done. */
  const move = async ({ refused = false } = {}): Promise<void> => {
    await eventually(() => state.prompted !== '', { what: 'the prompt' });
    const { readings } = state;
    if (refused) {
      state.messages = [...state.messages, refusal(waitMs)];
      activities.clear();
    }
    tell();
    await eventually(() => state.readings > readings, { what: 'a reading' });
  };
  return { server: { ...createNullAgentServer(), ...waiting }, move };
}

function refusal(retryAfterMs: number): TurnMessage {
  const error = agentError({ statusCode: 429, message: 'Too Many Requests', retryAfterMs });
  return reply(1, { parentId: 'msg_1', finish: null, parts: [], error });
}

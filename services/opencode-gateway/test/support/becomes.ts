import test from 'ava';
import type { Activity } from '../../src/agent-server/events.ts';
import { type TurnFacts, type Verdict, verdictOf } from '../../src/turn/verdict.ts';
import { agentError, PROMPT_ID, reply, toolPart, userMessage } from './messages.ts';

export const NOW = 1_000_000;
const LONG_AGO = NOW - 60_000;
export const busy: Activity = { type: 'busy' };

/** A table entry: these facts make this verdict. */
export const becomes = test.macro(
  (t, facts: Partial<TurnFacts>, expected: { readonly type: Verdict['type'] } & Record<string, unknown>) => {
    const base = { messageId: PROMPT_ID, messages: [], activity: undefined, nowMs: NOW, lastSignOfLifeAtMs: LONG_AGO };
    t.like(verdictOf({ ...base, ...facts }), expected);
  },
);

export const toolStep = (number: number, error: string | null = null) =>
  reply(number, { finish: 'tool-calls', parts: [toolPart({ status: error === null ? 'completed' : 'error', error })] });

export const retryIn = (ms: number, message = 'Too Many Requests'): Activity => ({
  type: 'retry',
  attempt: 2,
  message,
  nextAtMs: NOW + ms,
});

export const failing = (error: Parameters<typeof agentError>[0]) => [
  userMessage(),
  reply(1, { finish: null, error: agentError(error), parts: [] }),
];

import { type FinishedStep, type ModelCall, type ModelUsage, noTokens, type TokenUsage } from '@oio/contracts';
import type { SessionSnapshot } from './snapshot.ts';

/** Before any model was called. */
export const noUsage: ModelUsage = { tokens: noTokens, costUsd: 0, apiCalls: 0, apiErrors: 0 };

/** What two took together; null is nothing, for which a snapshot has no room to give away: it is written at each commit. */
export function addUsage(a: ModelUsage | null, b: ModelUsage): ModelUsage {
  if (!a) return b;
  return {
    tokens: addTokens(a.tokens, b.tokens),
    costUsd: addUsd(a.costUsd, b.costUsd),
    apiCalls: a.apiCalls + b.apiCalls,
    apiErrors: a.apiErrors + b.apiErrors,
  };
}

/** What a step took: the call that was answered and those that failed before it. */
export function usageOfStep({ tokens, costUsd, apiErrors }: FinishedStep): ModelUsage {
  return { tokens, costUsd, apiCalls: 1 + apiErrors, apiErrors };
}

/** What a session has used after one more step. */
export function addStep(usage: SessionSnapshot['usage'], step: FinishedStep): SessionSnapshot['usage'] {
  return { ...usage, ...addUsage(usage, usageOfStep(step)) };
}

/** The session after some more calls beside its steps, none of which was counted before. */
export function addCalls(snapshot: SessionSnapshot, calls: readonly ModelCall[]): SessionSnapshot {
  return calls.reduce(addCall, snapshot);
}

/** Those of the calls that are not counted yet. Ids grow with time. */
export function uncountedCalls({ attempt }: SessionSnapshot, calls: readonly ModelCall[]): readonly ModelCall[] {
  const last = new Map(Object.entries(attempt?.counted ?? {}));
  return calls.filter(({ openCodeSessionId, messageId }) => {
    if (messageId <= (last.get(openCodeSessionId) ?? '')) return false;
    last.set(openCodeSessionId, messageId);
    return true;
  });
}

function addCall(snapshot: SessionSnapshot, call: ModelCall): SessionSnapshot {
  const { attempt, usage } = snapshot;
  if (!attempt) return snapshot;
  const { openCodeSessionId, messageId } = call;
  const isOwn = openCodeSessionId === attempt.openCodeSessionId;
  return {
    ...snapshot,
    usage: {
      ...addUsage(usage, usageOfCall(call)),
      subAgents: isOwn ? usage.subAgents : addUsage(usage.subAgents, usageOfCall(call)),
    },
    attempt: {
      ...attempt,
      usage: addUsage(attempt.usage, usageOfCall(call)),
      counted: { ...attempt.counted, [openCodeSessionId]: messageId },
    },
  };
}

/** What a call took that is no step of the session. */
export function usageOfCall({ tokens, costUsd, apiCalls, apiErrors }: ModelCall): ModelUsage {
  return { tokens, costUsd, apiCalls, apiErrors };
}

function addTokens(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

/** Sums of money are kept to a billionth of a dollar, so that replays give the same digits. */
function addUsd(a: number, b: number): number {
  return Math.round((a + b) * 1e9) / 1e9;
}

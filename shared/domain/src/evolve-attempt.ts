import type { FinishedStep, TokenUsage } from '@oio/contracts';
import type { Evolvers } from './evolvers.ts';
import { later } from './instants.ts';
import type { SessionSnapshot } from './snapshot.ts';

/** A session shows its newest warnings; the rest stay in its history. */
const WARNINGS_SHOWN = 20;

/** The events of an attempt that leave the status as it is. */
export const attemptEvolvers: Pick<
  Evolvers,
  | 'session.workspace-prepared'
  | 'session.step-finished'
  | 'session.checkpoint-made'
  | 'session.warning-raised'
  | 'session.attempt-closed'
> = {
  'session.workspace-prepared': (snapshot, { data }) => ({
    ...snapshot,
    workspace: data.workspace,
    attempt: snapshot.attempt && { ...snapshot.attempt, openCodeSessionId: data.openCodeSessionId },
  }),
  'session.step-finished': (snapshot, { data: { step } }) => ({
    ...snapshot,
    attempt: snapshot.attempt && { ...snapshot.attempt, steps: snapshot.attempt.steps + 1, lastStepId: step.stepId },
    usage: addStep(snapshot.usage, step),
  }),
  'session.checkpoint-made': (snapshot, { seq, at, data: { checkpoint } }) => ({
    ...snapshot,
    checkpoints: { count: checkpoint.sequence, last: checkpoint },
    timers:
      checkpoint.origin === 'interval'
        ? {
            ...snapshot.timers,
            checkpoint: { generation: seq, fireAt: later(at, snapshot.policy.checkpointIntervalSeconds * 1_000) },
          }
        : snapshot.timers,
  }),
  'session.warning-raised': (snapshot, { data }) => ({
    ...snapshot,
    warnings: [...snapshot.warnings, data.warning].slice(-WARNINGS_SHOWN),
    warningCount: snapshot.warningCount + 1,
  }),
  'session.attempt-closed': (snapshot) => ({
    ...snapshot,
    attempt: snapshot.attempt && { ...snapshot.attempt, open: false },
  }),
};

/** What a session has used after one more step: the call that succeeded and those that failed before it. */
export function addStep(usage: SessionSnapshot['usage'], step: FinishedStep): SessionSnapshot['usage'] {
  return {
    tokens: addTokens(usage.tokens, step.tokens),
    costUsd: addUsd(usage.costUsd, step.costUsd),
    apiCalls: usage.apiCalls + 1 + step.apiErrors,
    apiErrors: usage.apiErrors + step.apiErrors,
  };
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

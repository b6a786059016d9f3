import { withPromptUsage } from './evolve-prompts.ts';
import type { Evolvers } from './evolvers.ts';
import { later } from './instants.ts';
import { addCalls, addStep, addUsage, usageOfCall, usageOfStep } from './usage.ts';

/** A session shows its newest warnings; the rest stay in its history. */
const WARNINGS_SHOWN = 20;

/** The events of an attempt that leave the status as it is. */
export const attemptEvolvers: Pick<
  Evolvers,
  | 'session.workspace-prepared'
  | 'session.step-finished'
  | 'session.usage-counted'
  | 'session.resources-measured'
  | 'session.checkpoint-made'
  | 'session.warning-raised'
  | 'session.impairment-changed'
  | 'session.attempt-closed'
  | 'session.stop-unconfirmed'
> = {
  'session.workspace-prepared': (snapshot, { data }) => ({
    ...snapshot,
    workspace: data.workspace,
    attempt: snapshot.attempt && { ...snapshot.attempt, openCodeSessionId: data.openCodeSessionId },
  }),
  'session.step-finished': (snapshot, { data: { step } }) => ({
    ...withPromptUsage(snapshot, usageOfStep(step)),
    attempt: snapshot.attempt && {
      ...snapshot.attempt,
      steps: snapshot.attempt.steps + 1,
      lastStepId: step.stepId,
      usage: addUsage(snapshot.attempt.usage, usageOfStep(step)),
    },
    usage: addStep(snapshot.usage, step),
  }),
  'session.usage-counted': (snapshot, { data: { calls } }) =>
    calls.map(usageOfCall).reduce(withPromptUsage, addCalls(snapshot, calls)),
  'session.resources-measured': (snapshot, { data: { resources } }) => ({ ...snapshot, resources }),
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
  'session.impairment-changed': (snapshot, { data: { failure } }) => ({ ...snapshot, failure }),
  'session.attempt-closed': (snapshot, { at, data: { proof, stop } }) => ({
    ...snapshot,
    attempt: snapshot.attempt && {
      ...snapshot.attempt,
      open: false,
      stop: stop ? { at, summary: proof, proof: stop, failure: null } : null,
    },
  }),
  'session.stop-unconfirmed': (snapshot, { at, data: { failure } }) => ({
    ...snapshot,
    attempt: snapshot.attempt && {
      ...snapshot.attempt,
      stop: { at, summary: failure.message, proof: null, failure },
    },
  }),
};

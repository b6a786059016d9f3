export { CHECKPOINTS_KEPT, emptyResumePoint } from './checkpoints.ts';
export { AGENT_OF_TYPE, namedModel } from './chosen-model.ts';
export { keyViolations } from './concurrency.ts';
export { decide, decideCreate } from './decide.ts';
export { allowedCommands } from './decide-client.ts';
export { pendingEffects } from './decide-scheduling.ts';
export type { Decision, DecisionContext, Effect, SessionCommand, TakenOver } from './decision.ts';
export { effectiveRules } from './permission-policy.ts';
export { dependencyViolations, placeholderViolations, renderPrompt } from './dependencies.ts';
export { dependenciesOf, type DependencyOutcome, firstPrompt } from './waits.ts';
export { decideDue, type DueDecision, type DueSchedule } from './due-fires.ts';
export { STATUS_DISPLAY } from './display.ts';
export { replay } from './evolve.ts';
export { executionMetrics } from './execution-metrics.ts';
export { FAILURES, type FailureCode, type RetryRule } from './failure-table.ts';
export { failureOf, reasonCodes } from './failures.ts';
export { presentPrompt, toldUpTo } from './follow-ups.ts';
export { healthScore } from './health.ts';
export { sessionMachine } from './machine.ts';
export { unreadableSession } from './readable.ts';
export { automaticRetryMs, isRecoverable, LONGEST_RETRY_AFTER_MS, retryDelayMs } from './retry-policy.ts';
export {
  attemptToken,
  type SessionSnapshot,
  type Timer,
  type TimerName,
} from './snapshot.ts';
export { partsOf, readSnapshot, type SessionState, snapshotOf, type StoredSession } from './snapshot-parts.ts';
export { nextFires, rhythmViolations } from './schedule-times.ts';
export { timeViolations } from './time-rules.ts';
export { isLiving, isTerminal, isWorking, TRANSITIONS } from './transitions.ts';
export { usageOfStep } from './usage.ts';
export { toSessionView } from './view.ts';

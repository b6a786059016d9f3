import type { Failure, FinishedStep, ModelUsage, ResumePoint, StopProof } from '@oio/contracts';
import { approvalReports } from './decide-approvals.ts';
import { nextCheckpoint } from './checkpoints.ts';
import { current, type ReportName } from './current-run.ts';
import { abort, settleChildren } from './decide-client.ts';
import {
  type Decider,
  type DecisionContext,
  emit,
  type NewEvent,
  nothing,
  transitionTo,
  type Verdict,
} from './decision.ts';
import { nextPrompt } from './decide-prompts.ts';
import { later } from './instants.ts';
import { failureOf } from './failures.ts';
import { waitingPrompts } from './follow-ups.ts';
import { apiErrorRate, ERROR_RATE, HEALTHY } from './execution-metrics.ts';
import { automaticRetryMs } from './retry-policy.ts';
import { isStopUnconfirmed, type SessionSnapshot } from './snapshot.ts';
import { isWorking } from './transitions.ts';
import { addCalls, addStep, uncountedCalls } from './usage.ts';

/** What the opencode-gateway reports of an attempt. */
export const reportDeciders: { readonly [N in ReportName]: Decider<N> } = {
  ...approvalReports,
  'report-prepared': current((snapshot, { token, workspace, resume }, { now }) => {
    const prepared: NewEvent = {
      type: 'session.workspace-prepared',
      data: { token, workspace, openCodeSessionId: resume.openCodeSessionId ?? '' },
    };
    return emit([prepared, checkpointMade(snapshot, now, 'prepared', resume)]);
  }),
  'report-step': current((snapshot, { token, step, resume }, { now }) => {
    if (snapshot.attempt?.lastStepId === step.stepId) return nothing;
    const finished: NewEvent = { type: 'session.step-finished', data: { token, step } };
    const usage = addStep(snapshot.usage, step);
    const made = checkpointMade({ ...snapshot, usage }, now, 'step', resume);
    return emit([finished, made, ...changeOfErrorRate(snapshot, usage)]);
  }),
  'report-usage': current((snapshot, { token, calls }) => {
    const news = uncountedCalls(snapshot, calls);
    if (news.length === 0) return nothing;
    const counted: NewEvent = { type: 'session.usage-counted', data: { token, calls: [...news] } };
    return emit([counted, ...changeOfErrorRate(snapshot, addCalls(snapshot, news).usage)]);
  }),
  'report-degraded': current((snapshot, { failure }) => impairedBy(snapshot, failure)),
  'report-recovered': current((snapshot) => wellAgain(snapshot)),
  'report-warning': current((_snapshot, { type, message, context }, { now }) =>
    emit([{ type: 'session.warning-raised', data: { warning: { type, message, context, timestamp: now } } }]),
  ),
  'report-completed': current((snapshot, report, context) => {
    const steps = lateSteps(snapshot, report.token, report.steps, report.resume, context.now);
    const end = closed(report.token, 'The turn has ended.');
    if (!isWorking(snapshot.status)) return emit([...steps, end]);
    if (waitingPrompts(snapshot).length > 0) return goOn(snapshot, report, { steps, context });
    return emit([...steps, completed(snapshot, report, context), end], settleChildren(snapshot));
  }),
  'report-failed': current((snapshot, report, context) => {
    const { token, steps, resume, failure, retryAfterMs = null, stop } = report;
    const late = lateSteps(snapshot, token, steps, resume, context.now);
    const end = report.mayStillRun ? [] : [closed(token, stop ? 'The turn was ended.' : 'The turn has ended.', stop)];
    if (!isWorking(snapshot.status)) return emit([...late, ...end]);
    const hasCheckpoint = snapshot.checkpoints.count > 0 || late.some(({ type }) => type === 'session.checkpoint-made');
    const { retries, policy } = snapshot;
    const facts = { retries, maxRetries: policy.maxRetries, retryAfterMs, random: context.random };
    const pauseMs = hasCheckpoint ? automaticRetryMs(failure, facts) : null;
    const retryAt = pauseMs === null ? null : later(context.now, pauseMs);
    const failed: NewEvent = {
      type: 'session.failed',
      data: { ...transitionTo(snapshot, 'failed'), failure, retryAt },
    };
    const orders = report.mayStillRun ? abort(snapshot) : [];
    return emit([...late, failed, ...end], retryAt ? orders : [...orders, ...settleChildren(snapshot)]);
  }),
  'report-resources': current((_snapshot, { token, resources }) =>
    emit([{ type: 'session.resources-measured', data: { token, resources } }]),
  ),
  // While it is to work, nobody asked for its end: the attempt is executed again instead.
  'report-closed': current((snapshot, { token, proof, stop }) =>
    isWorking(snapshot.status) ? nothing : emit([closed(token, proof, stop)]),
  ),
  'report-unconfirmed': current((snapshot, { token, failure }) =>
    isWorking(snapshot.status) || isStopUnconfirmed(snapshot)
      ? nothing
      : emit([{ type: 'session.stop-unconfirmed', data: { token, failure } }]),
  ),
};

/** What impaired the turn that has ended does not impair the next one. */
function goOn(
  snapshot: SessionSnapshot,
  { result, commit }: Outcome,
  { steps, context }: { readonly steps: readonly NewEvent[]; readonly context: DecisionContext },
): Verdict {
  const recovery = wellAgain(snapshot);
  const well = recovery.kind === 'events' ? recovery.events : [];
  return emit([...steps, ...well, ...nextPrompt(snapshot, { result, commit }, context)], [{ type: 'execute-attempt' }]);
}

function checkpointMade(
  snapshot: SessionSnapshot,
  at: string,
  origin: 'prepared' | 'step',
  resume: ResumePoint,
): NewEvent {
  return { type: 'session.checkpoint-made', data: { checkpoint: nextCheckpoint(snapshot, { at, origin, resume }) } };
}

/** A session is degraded once, however often what impairs it changes. */
function impairedBy(snapshot: SessionSnapshot, failure: Failure): Verdict {
  if (snapshot.status === 'running') return emit([degraded(snapshot, failure)]);
  if (snapshot.status !== 'degraded' || !isOtherwise(failure, snapshot.failure)) return nothing;
  return emit([{ type: 'session.impairment-changed', data: { failure } }]);
}

/** Another reason, or another time that a provider has named. */
function isOtherwise({ code, quota }: Failure, known: Failure | null): boolean {
  return known?.code !== code || (quota !== undefined && quota.resetAt !== known.quota?.resetAt);
}

/** What impairs it is over, unless that is the rate of errors, which is measured here. */
function wellAgain(snapshot: SessionSnapshot): Verdict {
  if (snapshot.status !== 'degraded' || snapshot.failure?.code === 'api_error_rate') return nothing;
  // What made the rate high while something else impaired it counts as well.
  if (isRateHigh(snapshot.usage)) return impairedBy(snapshot, rateFailure(snapshot.usage));
  return emit(recovered(snapshot));
}

/** Many API errors alone impair a session. It counts as well again once enough calls have succeeded. */
function changeOfErrorRate(snapshot: SessionSnapshot, usage: ModelUsage): NewEvent[] {
  if (snapshot.status === 'running' && usage.apiErrors > snapshot.usage.apiErrors && isRateHigh(usage))
    return [degraded(snapshot, rateFailure(usage))];
  const isDegradedByIt = snapshot.status === 'degraded' && snapshot.failure?.code === 'api_error_rate';
  return isDegradedByIt && apiErrorRate(usage) <= ERROR_RATE.clearedAt ? recovered(snapshot) : [];
}

function isRateHigh(usage: ModelUsage): boolean {
  return usage.apiCalls >= ERROR_RATE.leastCalls && apiErrorRate(usage) > HEALTHY.errorRate;
}

function rateFailure({ apiErrors, apiCalls }: ModelUsage): Failure {
  return failureOf('api_error_rate', `${apiErrors} of ${apiCalls} calls to the model provider failed.`);
}

function degraded(snapshot: SessionSnapshot, failure: Failure): NewEvent {
  return { type: 'session.degraded', data: { ...transitionTo(snapshot, 'degraded'), failure } };
}

function recovered(snapshot: SessionSnapshot): NewEvent[] {
  if (!snapshot.attempt) return [];
  const { number, run, serverId, messageId } = snapshot.attempt;
  return [
    {
      type: 'session.running',
      data: { ...transitionTo(snapshot, 'running'), attempt: number, run, serverId, messageId, schedulerEpoch: null },
    },
  ];
}

function closed(token: string, proof: string, stop?: StopProof): NewEvent {
  return { type: 'session.attempt-closed', data: { token, proof, ...(stop && { stop }) } };
}

function completed(snapshot: SessionSnapshot, report: Outcome, { children }: DecisionContext): NewEvent {
  const outcome = { result: report.result, commit: report.commit };
  if (!children) return { type: 'session.completed', data: { ...transitionTo(snapshot, 'completed'), ...outcome } };
  const { succeeded, failed } = children;
  if (failed === 0)
    return { type: 'session.completed', data: { ...transitionTo(snapshot, 'completed'), ...outcome, succeeded } };
  return {
    type: 'session.partially_completed',
    data: { ...transitionTo(snapshot, 'partially_completed'), ...outcome, succeeded, failed },
  };
}

type Outcome = Pick<Extract<NewEvent, { type: 'session.completed' }>['data'], 'result' | 'commit'>;

/** The steps that no report told of yet, in their order, and one checkpoint behind them where it is known how to go on. */
function lateSteps(
  snapshot: SessionSnapshot,
  token: string,
  steps: readonly FinishedStep[],
  resume: ResumePoint | null,
  now: string,
): NewEvent[] {
  const known = steps.findIndex(({ stepId }) => stepId === snapshot.attempt?.lastStepId);
  const news = steps.slice(known + 1);
  if (news.length === 0) return [];
  const events = news.map((step): NewEvent => ({ type: 'session.step-finished', data: { token, step } }));
  const usage = news.reduce(addStep, snapshot.usage);
  return resume ? [...events, checkpointMade({ ...snapshot, usage }, now, 'step', resume)] : events;
}

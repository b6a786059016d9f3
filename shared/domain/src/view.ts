import type { Failure, FailureView, ForkedFrom, RevertInUse, SessionView, TurnStop } from '@oio/contracts';
import { allowedCommands } from './decide-client.ts';
import { waitView } from './waits.ts';
import { executionMetrics } from './execution-metrics.ts';
import { kindOf } from './failures.ts';
import { healthScore } from './health.ts';
import { isRecoverable } from './retry-policy.ts';
import type { Attempt, SessionSnapshot } from './snapshot.ts';
import { isWorking } from './transitions.ts';
import { noUsage } from './usage.ts';

/** A session as clients see it, at the instant `now`. */
export function toSessionView(snapshot: SessionSnapshot, now: string): SessionView {
  const { session, place } = snapshot;
  return {
    ...session,
    place,
    directory: place.directory,
    workspace: place.workspace,
    ...waitView(session),
    notBefore: session.notBefore ?? null,
    queueTimeoutSeconds: session.queueTimeoutSeconds ?? null,
    id: snapshot.id,
    tenant: snapshot.tenant,
    createdBy: snapshot.createdBy,
    createdAt: snapshot.createdAt,
    updatedAt: snapshot.updatedAt,
    deletedAt: snapshot.deletedAt,
    version: snapshot.version,
    status: snapshot.status,
    statusUpdatedAt: snapshot.statusUpdatedAt,
    childIds: [...snapshot.childIds],
    forkedFrom: snapshot.forkedFrom ? forkPoint(snapshot.forkedFrom) : null,
    workspaceInUse: snapshot.workspace,
    commit: snapshot.commit,
    attempt: attemptView(snapshot),
    earlierAttempts: [...snapshot.earlierAttempts],
    failure: snapshot.failure && failureView(snapshot.failure),
    lastFailure: snapshot.lastFailure && failureView(snapshot.lastFailure),
    revert: snapshot.revert && revertView(snapshot.revert),
    prompts: promptViews(snapshot),
    retryAt: snapshot.timers.retry?.fireAt ?? null,
    recoverable: isRecoverable(snapshot),
    waitingFor: snapshot.approvals.length > 0 ? 'approval' : null,
    approvals: [...snapshot.approvals],
    allowedCommands: [...allowedCommands(snapshot)],
    healthScore: healthScore(snapshot, now),
    metrics: executionMetrics(snapshot, now),
  };
}

/** Of a code that only another version of the product knows there are no words but its own. */
function failureView(failure: Failure): FailureView {
  const { meaning, advice } = kindOf(failure.code) ?? { meaning: failure.message, advice: 'Read the message.' };
  return { ...failure, meaning, advice };
}

function attemptView(snapshot: SessionSnapshot): SessionView['attempt'] {
  if (!snapshot.attempt) return null;
  const { number, serverId, messageId, openCodeSessionId, startedAt, steps } = snapshot.attempt;
  const usage = snapshot.attempt.usage ?? noUsage;
  const stop = stopView(snapshot, snapshot.attempt);
  return { number, serverId, messageId, openCodeSessionId, startedAt, steps, usage, stop };
}

function stopView({ status, statusUpdatedAt }: SessionSnapshot, { open, stop }: Attempt): TurnStop | null {
  if (stop) {
    const { failure } = stop;
    return { ...stop, state: failure ? 'unconfirmed' : 'proven', failure: failure && failureView(failure) };
  }
  if (!open || isWorking(status)) return null;
  return { state: 'under_way', at: statusUpdatedAt, summary: 'It is being ended.', proof: null, failure: null };
}

function revertView({ checkpoint, state, failure }: RevertInUse): RevertInUse {
  return { checkpoint, state, failure };
}

function promptViews({ prompts = [] }: SessionSnapshot): SessionView['prompts'] {
  return prompts.map(({ failure, ...prompt }) => ({ ...prompt, failure: failure && failureView(failure) }));
}

function forkPoint({ sessionId, checkpoint }: ForkedFrom): SessionView['forkedFrom'] {
  return { sessionId, checkpoint };
}

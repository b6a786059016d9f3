import type { Failure, FailureView, SessionView } from '@oio/contracts';
import { allowedCommands } from './decide-client.ts';
import { executionMetrics } from './execution-metrics.ts';
import { kindOf } from './failures.ts';
import { healthScore } from './health.ts';
import { isRecoverable } from './retry-policy.ts';
import type { Attempt, SessionSnapshot } from './snapshot.ts';

/** A session as clients see it, at the instant `now`. */
export function toSessionView(snapshot: SessionSnapshot, now: string): SessionView {
  const { session, place } = snapshot;
  return {
    ...session,
    place,
    directory: place.directory,
    workspace: place.workspace,
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
    workspaceInUse: snapshot.workspace,
    commit: snapshot.commit,
    attempt: snapshot.attempt && attemptView(snapshot.attempt),
    earlierAttempts: [...snapshot.earlierAttempts],
    failure: snapshot.failure && failureView(snapshot.failure),
    lastFailure: snapshot.lastFailure && failureView(snapshot.lastFailure),
    retryAt: snapshot.timers.retry?.fireAt ?? null,
    recoverable: isRecoverable(snapshot),
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

function attemptView({
  number,
  serverId,
  messageId,
  openCodeSessionId,
  startedAt,
  steps,
  usage,
}: Attempt): SessionView['attempt'] {
  return { number, serverId, messageId, openCodeSessionId, startedAt, steps, usage };
}

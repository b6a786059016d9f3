import type { SessionView } from '@oio/contracts';
import { allowedCommands } from './decide-client.ts';
import { executionMetrics } from './execution-metrics.ts';
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
    failure: snapshot.failure,
    retryAt: snapshot.timers.retry?.fireAt ?? null,
    recoverable: isRecoverable(snapshot),
    allowedCommands: [...allowedCommands(snapshot)],
    healthScore: healthScore(snapshot, now),
    metrics: executionMetrics(snapshot, now),
  };
}

function attemptView({
  number,
  serverId,
  messageId,
  openCodeSessionId,
  startedAt,
  steps,
}: Attempt): SessionView['attempt'] {
  return { number, serverId, messageId, openCodeSessionId, startedAt, steps };
}

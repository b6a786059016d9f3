import { noUsage } from './usage.ts';
import type { ExecutionMetrics, ModelUsage } from '@oio/contracts';
import { elapsedMs } from './instants.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { isTerminal } from './transitions.ts';

/**
 * When the error rate alone degrades a session: above `healthy`, from so many calls on, since one failure among the first few
 * says nothing; and no longer from the lower rate on, so that a session at the border does not go to and fro.
 */
export const ERROR_RATE = { leastCalls: 10, clearedAt: 0.08 } as const;

/** A session within these is healthy. */
export const HEALTHY = { errorRate: 0.1, retries: 5, warnings: 10 } as const;

/** What nobody measures yet. */
const unmeasured = {
  networkBytesSent: null,
  networkBytesReceived: null,
  confidence: null,
  codeQuality: null,
} as const satisfies Partial<ExecutionMetrics>;

/** Of a session that shares its server nobody can tell what it takes. */
const noResources = { cpuPercent: null, memoryMb: null, diskMb: null };

/** What is known of a session in numbers, at the instant `now`. Source: the domain specification, section 4. */
export function executionMetrics(snapshot: SessionSnapshot, now: string): ExecutionMetrics {
  const { usage, checkpoints, failure, subTasks } = snapshot;
  return {
    ...instantsAndDurations(snapshot, now),
    ...unmeasured,
    ...(snapshot.resources ?? noResources),
    tokens: { ...usage.tokens, total: Object.values(usage.tokens).reduce((sum, count) => sum + count, 0) },
    apiCalls: usage.apiCalls,
    apiErrors: usage.apiErrors,
    apiErrorRate: apiErrorRate(usage),
    retries: snapshot.retries,
    checkpointCount: checkpoints.count,
    successRate: subTasks ? subTasks.succeeded / (subTasks.succeeded + subTasks.failed) : null,
    result: snapshot.result,
    error: failure && { type: failure.code, message: failure.message, context: failure.context ?? {} },
    warnings: [...snapshot.warnings],
    costUsd: usage.costUsd,
    subAgents: usage.subAgents ?? noUsage,
    healthy: isHealthy(snapshot),
  };
}

/** The share of calls to the model provider that failed; 0 without any. */
export function apiErrorRate({ apiCalls, apiErrors }: Pick<ModelUsage, 'apiCalls' | 'apiErrors'>): number {
  return apiCalls === 0 ? 0 : apiErrors / apiCalls;
}

function instantsAndDurations(
  { times, checkpoints, createdAt, status, statusUpdatedAt }: SessionSnapshot,
  now: string,
) {
  return {
    createdAt,
    queuedAt: times.queuedAt,
    startedAt: times.startedAt,
    completedAt: times.completedAt,
    failedAt: times.failedAt,
    lastCheckpointAt: checkpoints.last?.timestamp ?? null,
    queuedSeconds: seconds(times.queuedMs + elapsedMs(times.waitingSince, now)),
    executingSeconds: seconds(times.executingMs + elapsedMs(times.workingSince, now)),
    totalSeconds: seconds(elapsedMs(createdAt, isTerminal(status) ? statusUpdatedAt : now)),
  };
}

function isHealthy({ usage, retries, warningCount }: SessionSnapshot): boolean {
  return apiErrorRate(usage) <= HEALTHY.errorRate && retries <= HEALTHY.retries && warningCount <= HEALTHY.warnings;
}

function seconds(ms: number): number {
  return ms / 1_000;
}

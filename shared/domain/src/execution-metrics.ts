import type { ExecutionMetrics } from '@oio/contracts';
import { elapsedMs } from './evolve-transition.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { isTerminal } from './transitions.ts';

/** A session within these is healthy. */
export const HEALTHY = { errorRate: 0.1, retries: 5, warnings: 10 } as const;

/** What is known of a session in numbers, at the instant `now`. Source: the domain specification, section 4. */
export function executionMetrics(snapshot: SessionSnapshot, now: string): ExecutionMetrics {
  const { times, usage, subTasks } = snapshot;
  const { tokens, apiCalls, apiErrors } = usage;
  const errorRate = apiErrorRate(usage);
  const end = isTerminal(snapshot.status) ? snapshot.statusUpdatedAt : now;
  return {
    createdAt: snapshot.createdAt,
    queuedAt: times.queuedAt,
    startedAt: times.startedAt,
    completedAt: times.completedAt,
    failedAt: times.failedAt,
    lastCheckpointAt: snapshot.checkpoints.last?.timestamp ?? null,
    queuedSeconds: seconds(times.queuedMs + elapsedMs(times.waitingSince, now)),
    executingSeconds: seconds(times.executingMs + elapsedMs(times.workingSince, now)),
    totalSeconds: seconds(elapsedMs(snapshot.createdAt, end)),
    cpuPercent: null,
    memoryMb: null,
    diskMb: null,
    networkBytesSent: null,
    networkBytesReceived: null,
    tokens: {
      ...tokens,
      total: tokens.input + tokens.output + tokens.reasoning + tokens.cacheRead + tokens.cacheWrite,
    },
    apiCalls,
    apiErrors,
    apiErrorRate: errorRate,
    retries: snapshot.retries,
    checkpointCount: snapshot.checkpoints.count,
    successRate: subTasks ? subTasks.succeeded / (subTasks.succeeded + subTasks.failed) : null,
    confidence: null,
    codeQuality: null,
    result: snapshot.result,
    error: snapshot.failure && {
      type: snapshot.failure.code,
      message: snapshot.failure.message,
      context: snapshot.failure.context ?? {},
    },
    warnings: [...snapshot.warnings],
    costUsd: usage.costUsd,
    healthy:
      errorRate <= HEALTHY.errorRate &&
      snapshot.retries <= HEALTHY.retries &&
      snapshot.warningCount <= HEALTHY.warnings,
  };
}

/** The share of calls to the model provider that failed; 0 without any. */
export function apiErrorRate({ apiCalls, apiErrors }: SessionSnapshot['usage']): number {
  return apiCalls === 0 ? 0 : apiErrors / apiCalls;
}

function seconds(ms: number): number {
  return ms / 1_000;
}

import type { Status } from '@oio/contracts';

/** Every allowed change of status; any other pair is refused. Source: the domain specification, section 2. */
export const TRANSITIONS: Readonly<Record<Status, readonly Status[]>> = {
  pending: ['queued', 'cancelled', 'failed', 'orphaned'],
  queued: ['running', 'cancelled', 'failed', 'orphaned'],
  running: ['completed', 'partially_completed', 'failed', 'timeout', 'paused', 'stopped', 'degraded', 'orphaned'],
  paused: ['running', 'stopped', 'cancelled', 'orphaned'],
  degraded: ['running', 'failed', 'completed', 'stopped', 'partially_completed', 'timeout', 'paused', 'orphaned'],
  partially_completed: ['queued', 'completed'],
  failed: ['queued'],
  timeout: ['queued'],
  stopped: ['queued'],
  completed: [],
  cancelled: [],
  orphaned: [],
};

const LIVING: ReadonlySet<Status> = new Set(['pending', 'queued', 'running', 'paused', 'degraded']);
const WORKING: ReadonlySet<Status> = new Set(['running', 'degraded']);

/** Whether the session has not ended: something may still happen to it without anybody asking. */
export const isLiving = (status: Status): boolean => LIVING.has(status);

/** Whether an agent works on it, so that it holds a slot and its time counts. */
export const isWorking = (status: Status): boolean => WORKING.has(status);

/** Whether the status ends a session (a retry may still queue some of them again). */
export const isTerminal = (status: Status): boolean => !LIVING.has(status);

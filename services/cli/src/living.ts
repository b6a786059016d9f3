import type { Status } from '@oio/contracts';

const LIVING: ReadonlySet<Status> = new Set(['pending', 'queued', 'running', 'paused', 'degraded']);

/** Whether something may still happen to a session without anybody asking. */
export function isLiving(status: Status): boolean {
  return LIVING.has(status);
}

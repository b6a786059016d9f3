import { setTimeout as pause } from 'node:timers/promises';
import { LONGEST_WAIT_SECONDS, type SessionDetail, type Status } from '@oio/contracts';

const LIVING: ReadonlySet<Status> = new Set(['pending', 'queued', 'running', 'paused', 'degraded']);
/** The server may answer at once when too many wait. */
const PAUSE_MS = 1_000;

export interface Waiting {
  readonly waitSeconds: number;
  readonly signal?: AbortSignal;
}

/** Reads a session, waiting each time as long as the server lets it, until it has ended and no retry is due. */
export async function untilEnded(
  read: (waiting: Waiting) => Promise<SessionDetail>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<SessionDetail> {
  for (;;) {
    const askedAt = performance.now();
    const session = await read({ waitSeconds: LONGEST_WAIT_SECONDS, ...(signal && { signal }) });
    if (!LIVING.has(session.status) && session.retryAt === null) return session;
    const earlyMs = PAUSE_MS - (performance.now() - askedAt);
    if (earlyMs > 0) await pause(earlyMs, undefined, { ...(signal && { signal }) });
  }
}

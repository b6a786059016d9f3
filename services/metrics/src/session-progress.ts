import type { Priority, Status, StoredSessionEvent } from '@oio/contracts';
import { isWorking } from '@oio/domain';

/** What must be remembered of a session to make sense of its next event. */
export interface SessionProgress {
  readonly seq: number;
  readonly atMs: number;
  readonly status: Status | null;
  /** Set while it waits for a slot. */
  readonly waiting: { readonly sinceMs: number; readonly priority: Priority } | null;
  /** Set while an agent works on it. */
  readonly workingSinceMs: number | null;
  /** How long the present attempt has worked so far; null before it has begun. */
  readonly workedMs: number | null;
}

const UNKNOWN: SessionProgress = { seq: 0, atMs: 0, status: null, waiting: null, workingSinceMs: null, workedMs: null };

/** The progress after one more event. */
export function advance(before: SessionProgress = UNKNOWN, event: StoredSessionEvent): SessionProgress {
  const atMs = Date.parse(event.at);
  const known = { ...before, seq: event.seq, atMs };
  if (event.type === 'session.created') return { ...known, status: 'pending' };
  if (!isObject(event.data)) return known;
  if (event.type === 'session.resume-requested')
    return { ...known, waiting: { sinceMs: atMs, priority: event.data.priority } };
  return 'to' in event.data ? moved(known, event.data.to, event) : known;
}

/** What is stored may not be what the contract says; the order of the events is known from its other columns. */
function isObject(data: unknown): boolean {
  return typeof data === 'object' && data !== null;
}

function moved(before: SessionProgress, to: Status, event: StoredSessionEvent): SessionProgress {
  const { atMs } = before;
  const worked = before.workingSinceMs === null ? 0 : Math.max(0, atMs - before.workingSinceMs);
  if (event.type === 'session.queued') {
    const waiting = { sinceMs: atMs, priority: event.data.priority };
    return { ...before, status: to, waiting, workingSinceMs: null, workedMs: null };
  }
  const isNowWorking = isWorking(to);
  const hasBegun = isNowWorking || before.workedMs !== null;
  return {
    ...before,
    status: to,
    waiting: null,
    workingSinceMs: isNowWorking ? atMs : null,
    workedMs: hasBegun ? (before.workedMs ?? 0) + worked : null,
  };
}

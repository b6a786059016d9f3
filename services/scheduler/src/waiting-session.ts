import type { LaneFacts } from './lane.ts';

/** A session that wants a slot. */
export interface WaitingSession extends LaneFacts {
  readonly id: string;
  readonly waitingSinceMs: number;
  readonly version: number;
}

/** Priority class, then who has waited longest, then the id, so that the order is total. The index `sessions_waiting` has the same. */
export function compareWaiting(a: WaitingSession, b: WaitingSession): number {
  return a.priority - b.priority || a.waitingSinceMs - b.waitingSinceMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}

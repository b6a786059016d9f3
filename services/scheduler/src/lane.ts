import type { RowHeap } from './row-heap.ts';

/** What decides whether a session may run: the same for all sessions of a lane. */
export interface LaneFacts {
  readonly tenant: string;
  /** Rank: 0 is critical. */
  readonly priority: number;
  /** The server that it must go back to; null for any. */
  readonly serverId: string | null;
  /** The directory that it needs for itself; null when it has a worktree of its own. */
  readonly directory: string | null;
  /** The project directory. */
  readonly project: string;
  readonly model: string | null;
  /** The client's own key, of which its tenant may run so many at the same time. */
  readonly concurrencyKey: string | null;
}

/** Sessions of the same class and tenant that depend on the same resources, so that what blocks the first blocks them all. */
export interface Lane {
  readonly number: number;
  readonly key: string;
  readonly facts: LaneFacts;
  readonly rows: RowHeap;
  blockedBy: string | null;
}

export function laneKey(facts: LaneFacts): string {
  const { tenant, priority, serverId, directory, project, model, concurrencyKey } = facts;
  return JSON.stringify([priority, tenant, serverId, directory !== null, project, model, concurrencyKey]);
}

/** Only these, of something that may be more. */
export function laneFacts(facts: LaneFacts): LaneFacts {
  const { tenant, priority, serverId, directory, project, model, concurrencyKey } = facts;
  return { tenant, priority, serverId, directory, project, model, concurrencyKey };
}

import { isWorking } from '@oio/domain';
import type { LaneFacts } from './lane.ts';
import { limitKeys } from './limit-book.ts';
import type { SessionRow } from './ports.ts';
import type { Holder } from './slots.ts';
import type { WaitingSession } from './waiting-session.ts';

/** What the database says of a session that may occupy something. */
export function holderOf(row: SessionRow): Holder {
  const { id, version, serverId, attemptOpen: isOpen } = row;
  const keys = limitKeys(laneFactsOf(row));
  return { id, version, status: occupation(row), serverId, directory: ownDirectory(row), keys, isOpen };
}

/** The place of a session in the queue; null when it does not want a slot. */
export function waitingOf(row: SessionRow): WaitingSession | null {
  const { id, waitingSinceMs, version } = row;
  return waitingSinceMs === null ? null : { ...laneFactsOf(row), id, waitingSinceMs, version };
}

function laneFactsOf(row: SessionRow): LaneFacts {
  const { tenant, priority, model, concurrencyKey, directory: project } = row;
  const serverId = row.status === 'paused' ? row.serverId : null;
  return { tenant, priority, serverId, directory: ownDirectory(row), project, model, concurrencyKey };
}

/** The directory that a session needs for itself; null when it has a worktree of its own. */
export function ownDirectory({ workspace, directory }: Pick<SessionRow, 'workspace' | 'directory'>): string | null {
  return workspace === 'in_place' ? directory : null;
}

function occupation({ status }: SessionRow): Holder['status'] {
  if (isWorking(status)) return 'working';
  return status === 'paused' ? 'paused' : 'ended';
}

import { isWorking } from '@oio/domain';
import type { SessionRow } from './ports.ts';
import type { Holder } from './slots.ts';
import type { WaitingSession } from './waiting-queue.ts';

/** What the database says of a session that may occupy something. */
export function holderOf(row: SessionRow): Holder {
  const { id, version, serverId, attemptOpen: isOpen } = row;
  return { id, version, status: occupation(row), serverId, directory: ownDirectory(row), isOpen };
}

/** The place of a session in the queue; null when it does not want a slot. */
export function waitingOf(row: SessionRow): WaitingSession | null {
  const { id, tenant, priority, waitingSinceMs, version } = row;
  if (waitingSinceMs === null) return null;
  const serverId = row.status === 'paused' ? row.serverId : null;
  return { id, tenant, priority, waitingSinceMs, version, serverId, directory: ownDirectory(row) };
}

/** The directory that a session needs for itself; null when it has a worktree of its own. */
export function ownDirectory({ workspace, directory }: Pick<SessionRow, 'workspace' | 'directory'>): string | null {
  return workspace === 'in_place' ? directory : null;
}

function occupation({ status }: SessionRow): Holder['status'] {
  if (isWorking(status)) return 'working';
  return status === 'paused' ? 'paused' : 'ended';
}

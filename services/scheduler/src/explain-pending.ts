import type { Waiting, WaitingReason } from '@oio/contracts';
import type { DependantTable, PendingSession, SessionRow } from './ports.ts';

/** What a session waits for before it is queued; null when it is not pending, or only until somebody starts it. */
export async function explainPending(table: Pick<DependantTable, 'pending'>, id: string): Promise<Waiting | null> {
  const pending = await table.pending(id);
  const because = pending && reasonOf(pending);
  if (!because) return null;
  return {
    because,
    position: null,
    waitingSince: new Date(pending.createdAtMs).toISOString(),
    estimatedStart: because.reason === 'time' ? because.until : null,
  };
}

type Reason = Extract<WaitingReason, { readonly reason: 'time' | 'dependency' }>;

function reasonOf({ startAtMs, dependencies }: PendingSession): Reason | null {
  if (dependencies) return { reason: 'dependency', waitsFor: [...dependencies] };
  return startAtMs === null ? null : { reason: 'time', until: new Date(startAtMs).toISOString() };
}

/** Of one that wants a slot and was refused it; null when not its last turn keeps it waiting. */
export function explainRefused({ attemptOpen, waitingSinceMs, serverId }: SessionRow): Waiting | null {
  if (!attemptOpen || waitingSinceMs === null) return null;
  const waitingSince = new Date(waitingSinceMs).toISOString();
  return { because: { reason: 'last_turn', serverId }, position: null, waitingSince, estimatedStart: null };
}

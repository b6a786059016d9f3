import type { SessionEventData } from '@oio/contracts';
import { isObject, isReadable } from './readable.ts';
import type { SessionSnapshot } from './snapshot.ts';

/** What is settled when a session is created and never changes: the data of its first event, which nobody can change. */
export type Birth = SessionEventData<'session.created'>;

/** What changes of a session: this alone has to be written at each commit. */
export type SessionState = Omit<SessionSnapshot, keyof Birth>;

/** A session as it is stored; null for a part that is missing. Either may be damaged, or of another version. */
export interface StoredSession {
  readonly birth: unknown;
  readonly state: unknown;
}

interface Parts {
  readonly birth: Birth;
  readonly state: SessionState;
}

/** Takes a snapshot apart. */
export function partsOf({ tenant, createdBy, session, place, forkedFrom, policy, ...state }: SessionSnapshot): Parts {
  return { birth: { tenant, createdBy, session, place, ...(forkedFrom && { forkedFrom }), policy }, state };
}

/** The inverse of `partsOf`. The keys are in the order in which all snapshots have them. */
export function snapshotOf({ birth, state }: Parts): SessionSnapshot {
  const { tenant, createdBy, session, place, forkedFrom, policy } = birth;
  return { tenant, createdBy, session, place, ...(forkedFrom && { forkedFrom }), policy, ...state };
}

/** The snapshot that is stored; null when it has not the shape that this version knows. Whoever reads one leaves it alone then. */
export function readSnapshot({ birth, state }: StoredSession): SessionSnapshot | null {
  if (!isObject(birth) || !isObject(state)) return null;
  const snapshot: unknown = snapshotOf({ birth, state } as unknown as Parts);
  return isReadable(snapshot) ? snapshot : null;
}

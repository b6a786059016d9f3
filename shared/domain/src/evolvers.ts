import type { SessionEventType, StoredSessionEvent } from '@oio/contracts';
import type { SessionSnapshot } from './snapshot.ts';

/** What one kind of event does to a snapshot. */
export type Evolver<T extends SessionEventType> = (
  snapshot: SessionSnapshot,
  event: StoredSessionEvent<T>,
) => SessionSnapshot;
/** One for each kind, but the first: it has nothing to build on. */
export type Evolvers = { readonly [T in Exclude<SessionEventType, 'session.created'>]: Evolver<T> };

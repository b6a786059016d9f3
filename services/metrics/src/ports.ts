import type { Status, StoredSessionEvent } from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import type { Bus } from '@oio/messaging';
import type { Database } from '@oio/persistence';
import type { Clock, Logger } from '@oio/runtime';
import type { HeardEvents } from './heard-events.ts';
import type { StoredTotals } from './totals.ts';

/** What the service is given from outside. */
export interface MetricsPorts {
  readonly bus: Bus;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How many sessions there are of each status, at one instant of the database's clock (milliseconds since the epoch). */
export interface StatusCount {
  readonly atMs: number;
  readonly counts: Readonly<Partial<Record<Status, number>>>;
}

/** A place in the history of all sessions, in the order in which it was committed: that of an event. */
export interface HistoryPlace {
  readonly xid: string;
  readonly position: string;
}

/** What was read of the history in one go, oldest first. */
export interface HistoryPage {
  readonly events: readonly StoredSessionEvent[];
  /** How many of them had to be read, because the bus had not brought them. */
  readonly read: number;
  /** Where the next page begins; null: at the beginning. */
  readonly end: HistoryPlace | null;
  /** Whether there was no more at the time of the reading. */
  readonly isLast: boolean;
}

/** An event of a session, by its sequence number. */
export interface EventName {
  readonly sessionId: string;
  readonly seq: number;
}

/** The history of all sessions. The data of events holds only what is counted. */
export interface SessionHistory {
  /**
   * What was committed after a place, oldest first; from the beginning with null. Never more than is safe: nothing can
   * appear before what was read. Of what the bus has brought only the order is read. Null when there is no event at that
   * place: it belongs to another history, of before a restore.
   */
  page(after: HistoryPlace | null, heard: Pick<HeardEvents, 'take'>): Promise<HistoryPage | null>;
  /** What came before each of these events in its session and tells how that stood, in order. */
  before(events: readonly EventName[]): Promise<StoredSessionEvent[]>;
}

/** Totals, and the place up to which everything is in them and nothing else. */
export interface Progress {
  readonly place: HistoryPlace;
  readonly totals: StoredTotals;
}

/** The totals as they are stored for the next start, one for all instances. */
export interface SavedTotals {
  /** Null when there are none, or none of what is counted now. */
  load(): Promise<Progress | null>;
  /** All at once or not at all. What another instance has stored of a later place stays. */
  save(progress: Progress): Promise<void>;
}

/** The sessions as they are now. */
export interface PresentSessions {
  countByStatus(): Promise<StatusCount>;
  /** How many models no session is started with now. */
  closedModels(): Promise<number>;
  /** The session, if the tenant has one of that id that is not deleted. Throws `unreadable_session` when it cannot be read. */
  snapshot(sessionId: string, tenant: string): Promise<SessionSnapshot | null>;
}

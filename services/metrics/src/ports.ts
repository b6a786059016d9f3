import type { Status, StoredSessionEvent } from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import type { Bus } from '@oio/messaging';
import type { Database } from '@oio/persistence';
import type { Clock, Logger } from '@oio/runtime';

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

/** A place in the history of all sessions, in the order in which it was committed. */
export interface HistoryPlace {
  readonly xid: string;
  readonly position: string;
}

export interface HistoryPage {
  readonly events: readonly StoredSessionEvent[];
  /** Where the next page begins. */
  readonly end: HistoryPlace;
  /** Whether there was no more at the time of the reading. */
  readonly isLast: boolean;
}

/** The sessions and their history as the database has them. */
export interface SessionHistory {
  /**
   * What was committed after a place, oldest first; from the beginning with null. Never more than is safe: nothing can
   * appear before what was read. The data of events holds only what is counted.
   */
  page(after: HistoryPlace | null): Promise<HistoryPage>;
  /** The events of a session between two sequence numbers, without these, in order. */
  between(sessionId: string, after: number, before: number): Promise<StoredSessionEvent[]>;
  countByStatus(): Promise<StatusCount>;
  /** How many models no session is started with now. */
  closedModels(): Promise<number>;
  /** The session, if the tenant has one of that id that is not deleted. Throws `unreadable_session` when it cannot be read. */
  snapshot(sessionId: string, tenant: string): Promise<SessionSnapshot | null>;
}

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

/** The sessions and their history as the database has them. */
export interface SessionHistory {
  /** The events of a session between two sequence numbers, without these, in order. */
  between(sessionId: string, after: number, before: number): Promise<StoredSessionEvent[]>;
  countByStatus(): Promise<StatusCount>;
  /** The session, if the tenant has one of that id that is not deleted. */
  snapshot(sessionId: string, tenant: string): Promise<SessionSnapshot | null>;
}

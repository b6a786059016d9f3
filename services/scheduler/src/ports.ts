import type { FireOutcome, LimitRule, Overlap, ScheduledSession, Status, WorkspaceKind } from '@oio/contracts';
import type { DueDecision, DueSchedule, Timer } from '@oio/domain';
import type { Bus } from '@oio/messaging';
import type { OwnerDirectory, SessionRouter } from '@oio/ownership';
import type { Database, LockConnection } from '@oio/persistence';
import type { Clock, Logger } from '@oio/runtime';
import type { Bucket } from './quota-book.ts';

/** What the service is given from outside. */
export interface SchedulerPorts {
  readonly bus: Bus;
  readonly router: SessionRouter;
  readonly directory: OwnerDirectory;
  readonly database: Database;
  /** Locks that end with this process. */
  readonly locks: LockConnection;
  readonly watchLock: WatchLock;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the scheduler knows of a session. */
export interface SessionRow {
  readonly id: string;
  readonly tenant: string;
  readonly status: Status;
  /** Rank: 0 is critical. */
  readonly priority: number;
  /** Set while it wants a slot: since when, in milliseconds since the epoch. */
  readonly waitingSinceMs: number | null;
  readonly directory: string;
  readonly workspace: WorkspaceKind;
  readonly model: string | null;
  readonly concurrencyKey: string | null;
  readonly serverId: string | null;
  /** Whether something of its last run may still work on the server. */
  readonly attemptOpen: boolean;
  readonly version: number;
}

/** Where a session stands among those that wait. */
export interface WaitingPlace {
  readonly priority: number;
  readonly waitingSinceMs: number;
  readonly id: string;
}

/** A session, and whose it is: what a command to it needs. */
export interface SessionKey {
  readonly id: string;
  readonly tenant: string;
}

/** A session of which a timer is due, or soon will be. */
export interface TimedSession extends SessionKey {
  /** As they are stored; null when they cannot be read. */
  readonly timers: Readonly<Record<string, Timer>> | null;
  /** The database's time, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** What tells whether a worker lives. */
export interface WorkerSigns {
  readonly incarnation: string;
  /** Its lease has run out. */
  readonly expired: boolean;
  /** It has said that it holds the lock that ends with its process. */
  readonly locked: boolean;
  /** That lock is free. */
  readonly unlocked: boolean;
}

/**
 * Resolves when the lock with this key, which another process holds, falls free. Rejects when that cannot be told any more,
 * and when the signal aborts.
 */
export type WatchLock = (key: string, signal: AbortSignal) => Promise<void>;

/** The sessions as the database has them: the truth that memory is compared with. */
export interface SessionTable {
  /** The first `limit` of those that want a slot after `after` (null: of all), in the order of `compareWaiting`. */
  waiting(query: { after: WaitingPlace | null; limit: number }): Promise<SessionRow[]>;
  /** The newest of those that want a slot, a few of each class. */
  newest(): Promise<SessionRow[]>;
  /** Those that occupy something: a slot, or the directory that they work in. */
  holders(): Promise<SessionRow[]>;
  /** Those of these ids that there are, in no order. */
  find(ids: readonly string[]): Promise<SessionRow[]>;
  /** Of these the ones that do not want a slot. */
  notWaiting(ids: readonly string[]): Promise<string[]>;
  /** Those with a timer that is due within `withinMs`, the earliest first. */
  withTimer(query: { withinMs: number; limit: number; except: readonly string[] }): Promise<TimedSession[]>;
  /** Those at work whose owner is not a living worker. */
  abandoned(query: { limit: number; except: readonly string[] }): Promise<SessionKey[]>;
  /** The workers whose rows are there, living or dead. */
  workers(): Promise<WorkerSigns[]>;
  /** Ends these workers: what they own may be claimed, and their locks fall free. One that still acts is stopped by its epochs. */
  endWorkers(incarnations: readonly string[]): Promise<void>;
  /** Removes the rows of workers that have been dead for at least `deadMs`. */
  forgetWorkers(deadMs: number): Promise<void>;
}

/** A session that is not queued yet, and what it waits for. */
export interface PendingSession {
  readonly createdAtMs: number;
  /** When it is queued by itself; null without a time. */
  readonly startAtMs: number | null;
  /** Of those that it depends on, the ones that have not ended for good; null when it depends on none, or no longer. */
  readonly dependencies: readonly { readonly session: string; readonly status: Status }[] | null;
}

/** The sessions that are pending as long as others have not ended. An end after which a retry comes by itself is none. */
export interface DependantTable {
  /** Those that need not wait any more, and whether any waits at all. */
  due(query: { limit: number; except: readonly string[] }): Promise<{ due: SessionKey[]; waiting: boolean }>;
  /** Of those that are in `heard`, or depend on one that is, the ones that need not wait any more. */
  dueAmong(query: { heard: readonly string[]; limit: number; except: readonly string[] }): Promise<SessionKey[]>;
  /** Null for a session that is not pending. */
  pending(id: string): Promise<PendingSession | null>;
}

/** A session that has not ended, and its client's concurrency key. */
export interface KeyUser extends SessionKey {
  readonly key: string;
  /** It waits for a slot, and takes the place of older ones with its key. */
  readonly supersedes: boolean;
}

/** Who uses the concurrency keys that somebody waits for who takes the place of others. */
export interface KeyTable {
  /** Those of a key together, the oldest first. */
  contested(): Promise<KeyUser[]>;
}

/** A schedule that comes due soon, or is due. */
export interface ComingSchedule extends DueSchedule {
  readonly id: string;
  readonly version: number;
  /** The database's time. */
  readonly now: string;
  /** In how many milliseconds it is due. */
  readonly inMs: number;
}

/** A fire that a session is to be submitted for. */
export interface PendingFire {
  /** What its session is, or will be, called. */
  readonly sessionId: string;
  readonly scheduleId: string;
  readonly at: string;
  readonly tenant: string;
  /** On whose behalf. */
  readonly createdBy: string;
  readonly overlap: Overlap;
  readonly session: ScheduledSession;
}

/** What became of a fire; `detail` says why it was refused. */
export interface FireRecord {
  readonly sessionId: string;
  readonly outcome: Exclude<FireOutcome, 'pending' | 'missed'>;
  readonly detail: string | null;
}

/** Which fires of a due schedule are submitted or missed, and when it is due next (null: never); holds only while the row is at `version` and due at `from`. */
export type ScheduleDecision = Pick<ComingSchedule, 'id' | 'version'> & {
  /** When it was due. */
  readonly from: string;
  readonly nextFireAt: string | null;
  readonly fires: readonly (DueDecision['fires'][number] & { readonly sessionId: string })[];
};

/** The schedules, and the times at which they came due. */
export interface ScheduleTable {
  /** Those that are due within `withinMs`, the earliest first. */
  coming(query: { withinMs: number; limit: number }): Promise<ComingSchedule[]>;
  /** Writes down all of a decision, or nothing of it: when the schedule was changed, or is no longer due at that time. */
  decide(decisions: readonly ScheduleDecision[]): Promise<void>;
  /** Of each schedule the oldest fire that a session is to be submitted for. */
  pending(query: { limit: number; except: readonly string[] }): Promise<PendingFire[]>;
  /** Writes down what became of a fire, unless that is known already. */
  record(record: FireRecord): Promise<void>;
}

/** Who is the active scheduler, by the database's clock. */
export interface LeaderTable {
  /**
   * Makes the holder the leader for `leaseMs`, if nobody else is, or the one that is has let go of its lock and is `gone`; returns the
   * new epoch, one above the last, or null.
   */
  take(holder: string, leaseMs: number, gone: string | null): Promise<number | null>;
  /** Who leads now; null when nobody does. */
  leader(): Promise<string | null>;
  /** Prolongs the lease; false when it has ended or passed to another. */
  renew(holder: string, epoch: number, leaseMs: number): Promise<boolean>;
  /** Ends the lease now, if it is still this holder's. */
  resign(holder: string, epoch: number): Promise<void>;
}

/** The limits as an operator has set them; read anew after each change. */
export interface LimitTable {
  read(): Promise<readonly LimitRule[]>;
}

/** The closed models as they are stored. */
export interface QuotaTable {
  /** Those that are closed, were opened before their time, or are opened little by little. */
  read(): Promise<readonly Bucket[]>;
  /** Enters those that are newer than what is there. */
  write(buckets: readonly Bucket[]): Promise<void>;
  /** What the failures say of the sessions that have not got over them yet. */
  taught(): Promise<readonly Bucket[]>;
  /** Removes what has long been over. */
  forget(): Promise<void>;
}

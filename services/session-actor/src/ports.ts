import type { Checkpoint } from '@oio/contracts';
import type { DecisionContext, DependencyOutcome, SessionSnapshot } from '@oio/domain';
import type { Bus, Parking } from '@oio/messaging';
import type { OwnerDirectory } from '@oio/ownership';
import type { CommitOutcome, Database, LockConnection, SessionCommit } from '@oio/persistence';
import type { Logger, SetClock } from '@oio/runtime';

/** What a claim brings: the session as it stands, under a new epoch. */
export interface ClaimedSession {
  readonly epoch: number;
  /** How long no living worker had owned it, in milliseconds. */
  readonly unownedMs: number;
  /** Null when what is stored cannot be read. */
  readonly snapshot: SessionSnapshot | null;
}

/** A session as its owner knows it. */
export interface Held {
  readonly id: string;
  readonly epoch: number;
}

/** As the store knows it, otherwise than the worker does. */
export interface Strayed extends Held {
  readonly isOurs: boolean;
}

/** The sessions in the store that decides. */
export interface SessionStore {
  /**
   * Makes the worker the owner of each of these different sessions unless a living one is; null then, or when there is no
   * such session. Answers in the order of the ids.
   */
  claim(sessionIds: readonly string[], incarnation: string): Promise<readonly (ClaimedSession | null)[]>;
  /** Gives back a session that was claimed under this epoch: whoever asks for it next may claim it. */
  release(sessionId: string, epoch: number): Promise<void>;
  /** The working sessions that the worker owns under another epoch than it knows, or without knowing; and those of `held` that others own. */
  strayed(incarnation: string, held: readonly Held[]): Promise<readonly Strayed[]>;
  /** Who owns it and at which version it stands; null when there is no such session. */
  ownership(
    sessionId: string,
  ): Promise<{ readonly owner: string | null; readonly epoch: number; readonly version: number } | null>;
  /** As `GroupCommit.commit` does: together with others, durable when it resolves. */
  commit(entry: SessionCommit): Promise<CommitOutcome>;
  /** Commits a new session unless as many of its tenant's with its concurrency key have not ended as may work at the same time. */
  commitUnlessInUse(entry: SessionCommit): Promise<CommitOutcome | 'in_use'>;
  /** The oldest of the tenant's sessions that have this concurrency key and have not ended, five at most. */
  holdersOf(tenant: string, concurrencyKey: string): Promise<readonly string[]>;
  /** Commits new sessions by one statement: all of them, or none because their ids are taken. Rejects like `commit`. */
  commitTogether(entries: readonly SessionCommit[]): Promise<boolean>;
  /** How these sessions stand, deleted ones included. */
  standing(ids: readonly string[]): Promise<ReadonlyMap<string, DependencyOutcome & { readonly tenant: string }>>;
  /** Whether the command has had its effect already. */
  hasOutcome(sessionId: string, commandId: string): Promise<boolean>;
  /** The session as it stands, whoever owns it; null when there is none that can be read. */
  session(sessionId: string): Promise<SessionSnapshot | null>;
  /** A checkpoint of a session; null when there is none of that number, or it is no longer kept. */
  checkpoint(sessionId: string, sequence: number): Promise<Checkpoint | null>;
  /** How the children of a session have ended so far. */
  childOutcomes(parentId: string): Promise<ChildOutcomes>;
  /** Parents that succeeded in part and whose children have all succeeded some seconds ago: whoever was to tell them is gone. */
  incomplete(): Promise<readonly ParentOfCompleted[]>;
  /** Living children whose parent has ended some seconds ago and meant to end them: whoever was to do it is gone. */
  leftBehind(): Promise<readonly ChildLeftBehind[]>;
}

/** How many of a session's children stand how. */
export type ChildOutcomes = NonNullable<DecisionContext['children']>;

/** A parent that is to learn of the success of a child. */
export interface ParentOfCompleted {
  readonly parentId: string;
  readonly tenant: string;
  readonly childId: string;
}

/** A child that lives on although its parent has ended, and what its parent wanted done with it. */
export interface ChildLeftBehind {
  readonly childId: string;
  readonly tenant: string;
  readonly parentId: string;
  readonly policy: 'cancel' | 'orphan';
}

/** What a worker learns when it renews its lease. */
export interface Renewal {
  /** The database's time. */
  readonly now: Date;
  /** Whether the lease was running until then; if not, others may have claimed what the worker owned. */
  readonly kept: boolean;
}

/** The worker's own row: alive by the database's clock. */
export interface WorkerLeases {
  /** Enters or renews the worker for `leaseMs`; `locked` says whether it holds the lock that ends with its process. */
  renew(incarnation: string, leaseMs: number, locked: boolean): Promise<Renewal>;
  /** Whether a worker lives, by its lease and its lock. */
  lives(incarnation: string): Promise<boolean>;
  /** Ends it now: everything that the worker owns may be claimed at once. */
  end(incarnation: string): Promise<void>;
}

/** What the service is given from outside. */
export interface SessionActorPorts {
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly database: Database;
  /** Locks that end with this process. */
  readonly locks: LockConnection;
  /** Where an event goes that cannot be published. */
  readonly parking: Parking;
  readonly clock: SetClock;
  readonly logger: Logger;
}

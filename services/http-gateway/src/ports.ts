import type {
  Approval,
  ApprovalStatus,
  Checkpoint,
  LimitRule,
  NewSchedule,
  Priority,
  Quota,
  Schedule,
  ScheduleFire,
  Scope,
  ServerView,
  Status,
  StoredSessionEvent,
} from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import type { Bus } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Database } from '@oio/persistence';
import type { Clock, DependencyHealth, Logger } from '@oio/runtime';

/** Who a request comes from. */
export interface Principal {
  readonly id: string;
  readonly tenant: string;
  readonly scopes: readonly Exclude<Scope, 'public'>[];
}

/** Says whose credentials these are. */
export interface Authenticator {
  /** Null when the token is nobody's. Takes the same time whether a token is nearly right or not at all. */
  authenticate(token: string): Promise<Principal | null>;
}

/** What the sessions of a list have in common; what is not given is not asked. */
export interface SessionFilter {
  readonly status?: readonly Status[] | undefined;
  readonly priority?: Priority | undefined;
  readonly parentId?: string | undefined;
  readonly tag?: string | undefined;
}

/** A session of a list; its snapshot is null when what is stored cannot be read. */
export interface ListedSession {
  readonly id: string;
  readonly snapshot: SessionSnapshot | null;
}

/** The OpenCode servers as the gateways have entered them. Throws `UnavailableError` when the store cannot be asked. */
export interface ServerList {
  all(): Promise<readonly ServerView[]>;
  /** Asks for a server to take no new attempts, or to take them again; how it is then, null when it is not known. */
  drain(id: string, asked: boolean): Promise<ServerView | null>;
}

/** The limits that operators have set. Throws `UnavailableError` when the store cannot be asked. */
export interface LimitStore {
  read(): Promise<readonly LimitRule[]>;
  /** In place of all that hold. */
  write(rules: readonly LimitRule[]): Promise<void>;
}

/** The closed models. Throws `UnavailableError` when the store cannot be asked. */
export interface QuotaStore {
  closed(): Promise<readonly Quota[]>;
  /** Closes a model from now on, or sets another time; as it is then. */
  close(
    name: string,
    /** `byDefault`: sessions that name no model run with it. */
    order: { readonly until: string; readonly reason: string; readonly byDefault: boolean },
  ): Promise<Quota>;
  /** As it was; null when it is not closed. */
  reopen(name: string): Promise<Quota | null>;
}

/** What the approvals of a list have in common; what is not given is not asked. */
export interface ApprovalFilter {
  readonly status?: readonly ApprovalStatus[] | undefined;
  readonly sessionId?: string | undefined;
}

/** What agents have asked people, of all sessions that are not deleted. Throws `UnavailableError` when the store cannot be asked. */
export interface ApprovalList {
  /** Null when there is none of that id in the tenant. */
  get(tenant: string, id: string): Promise<Approval | null>;
  /** Newest first, from below `before` on. */
  list(
    tenant: string,
    filter: ApprovalFilter,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<Approval[]>;
}

/** A schedule of a tenant: one of another tenant is not found. */
export interface ScheduleKey {
  readonly tenant: string;
  readonly id: string;
}

/** The schedules. Throws `UnavailableError` when the store cannot be asked. */
export interface ScheduleStore {
  /** Enters one. `taken`: its id or its name is; `full`: the tenant has `most` already. */
  add(
    key: ScheduleKey,
    entry: NewSchedule & Pick<Schedule, 'createdBy' | 'nextFireAt'>,
    most: number,
  ): Promise<'added' | 'taken' | 'full'>;
  /** Null when there is none of that id in the tenant. */
  get(key: ScheduleKey): Promise<Schedule | null>;
  /** Newest first, from below `before` on. */
  list(
    tenant: string,
    filter: { readonly name?: string | undefined },
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<Schedule[]>;
  /**
   * Puts another content in the place of that of a version; `nextFireAt` undefined: as it is. `changed`: it is at another version,
   * or is not there any more.
   */
  replace(
    key: ScheduleKey,
    version: number,
    entry: NewSchedule & { readonly nextFireAt: string | null | undefined },
  ): Promise<'replaced' | 'changed' | 'name_taken'>;
  /** False when it is at another version, or is not there any more. */
  remove(key: ScheduleKey, version: number): Promise<boolean>;
  /** The last fires, newest first. */
  fires(id: string): Promise<ScheduleFire[]>;
  /**
   * Enters a fire by hand, now, under the id of the session that comes of it, unless it has been entered. `gone`: there is no such
   * schedule; `full`: `most` of them are still to be submitted.
   */
  fire(key: ScheduleKey, sessionId: string, most: number): Promise<'entered' | 'gone' | 'full'>;
}

/** Sessions as they stand in the store. Throws `UnavailableError` when it cannot be asked. */
export interface SessionReader {
  /** Null when there is none of that id in the tenant; deleted ones only if asked for. Throws `unreadable_session`. */
  session(tenant: string, id: string, options?: { readonly deleted: boolean }): Promise<SessionSnapshot | null>;
  /** Version and whether it is deleted; null when there is none of that id in the tenant. */
  standing(tenant: string, id: string): Promise<{ readonly version: number; readonly deleted: boolean } | null>;
  /** Newest first, from below `before` on; fewer than `limit` when they are large. `more` says whether others follow. */
  list(
    tenant: string,
    filter: SessionFilter,
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<{ sessions: ListedSession[]; more: boolean }>;
  /** Events after a sequence number, oldest first; fewer than `limit` when they are large, but at least one if there is one. */
  history(
    tenant: string,
    id: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<StoredSessionEvent[]>;
  /** The last 100, oldest first. */
  checkpoints(tenant: string, id: string): Promise<Checkpoint[]>;
  /** Those of these sessions whose status is final. */
  ended(ids: readonly string[]): Promise<readonly string[]>;
  /** The versions that these sessions stand at. */
  versions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Whether the command has had its effect already. */
  hasOutcome(sessionId: string, commandId: string): Promise<boolean>;
}

/** What a client's `Idempotency-Key` stands for. */
export interface KeyedRequest {
  readonly requestHash: string;
  readonly sessionId: string;
  readonly commandId: string;
}

/** What a key was found to stand for. */
export interface KeyClaim extends KeyedRequest {
  /** Whether the key came before. */
  readonly known: boolean;
  /** Whether the request was refused when it came, so that it had no effect. */
  readonly refused: boolean;
}

/** Remembers what each `Idempotency-Key` of a tenant stood for when it came first. */
export interface IdempotencyKeys {
  /** Enters the request unless the key is known; returns what the key stands for. */
  claim(tenant: string, key: string, request: KeyedRequest): Promise<KeyClaim>;
  /** Notes that the request that the key stands for was refused, unless the key stands for another one by now. */
  noteRefusal(tenant: string, key: string, commandId: string): Promise<void>;
  /** Lets the key stand for another request in place of a refused one. False when it no longer stands for that. */
  replaceRefused(
    tenant: string,
    key: string,
    change: { readonly from: string; readonly to: KeyedRequest },
  ): Promise<boolean>;
  /** Forgets keys that are older than `days`. */
  forget(days: number): Promise<void>;
}

/** What the service is given from outside. */
export interface HttpGatewayPorts {
  readonly bus: Bus;
  readonly router: Pick<SessionRouter, 'send' | 'sendToAny'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  /** How the things do that the process depends on, for `/health/ready` and `/metrics`. Default: the database alone is asked. */
  readonly health?: () => Promise<readonly DependencyHealth[]>;
}

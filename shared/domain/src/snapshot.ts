import type {
  Approval,
  AttemptUsage,
  Checkpoint,
  Failure,
  ForkedFrom,
  ModelUsage,
  ResourceUsage,
  Place,
  ResumePoint,
  RevertInUse,
  SessionEventData,
  Status,
  StopProof,
  Warning,
  WorkspaceInUse,
} from '@oio/contracts';
import type { FollowUp } from './follow-ups.ts';
import { elapsedMs } from './instants.ts';

/** What the client asked for, complete with defaults. */
export type AcceptedSession = SessionEventData<'session.created'>['session'];

/** One try at the work. A retry is a new attempt with a new message id; a resume is a new run of the same attempt. */
export interface Attempt {
  readonly number: number;
  readonly run: number;
  readonly serverId: string;
  readonly messageId: string;
  /** The further prompt that it works on; missing for the one that the session was submitted with. */
  readonly promptId?: string;
  readonly openCodeSessionId: string | null;
  readonly startedAt: string;
  readonly steps: number;
  readonly lastStepId: string | null;
  /** What it took so far, sub-agents included. */
  readonly usage: ModelUsage | null;
  /** By OpenCode session: its last message whose calls are counted, beside the steps. */
  readonly counted: Readonly<Record<string, string>>;
  /** False once the opencode-gateway has shown that nothing of the run works any more. */
  readonly open: boolean;
  /** What became of its end, if it was ended from outside. */
  readonly stop: AttemptStop | null;
}

/** How an attempt that was ended from outside has been shown to have ended, or why not. */
export interface AttemptStop {
  readonly at: string;
  /** In words. */
  readonly summary: string;
  readonly proof: StopProof | null;
  /** Why it is not known whether it has ended; null once that is known. */
  readonly failure: Failure | null;
}

/** When a session has to be woken. Instants are RFC 3339. */
export interface Timer {
  /** Sequence number of the event that set it; an older one is stale. */
  readonly generation: number;
  readonly fireAt: string;
}

/** What a session is woken for; one timer of each at most. */
export type TimerName =
  | 'not-before'
  | 'queue-timeout'
  | 'max-duration'
  | 'checkpoint'
  | 'retry'
  | 'revert'
  | 'approval';

/**
 * All that is known of a session, computed from its history by `evolve` and by nothing else. Plain JSON: instants are
 * RFC 3339 strings on the database's clock, durations are milliseconds.
 */
export interface SessionSnapshot {
  readonly id: string;
  readonly tenant: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
  readonly version: number;
  readonly status: Status;
  readonly statusUpdatedAt: string;
  readonly session: AcceptedSession;
  readonly place: Place;
  /** Missing unless it goes on from a checkpoint of another session. */
  readonly forkedFrom?: ForkedFrom | undefined;
  readonly policy: SessionEventData<'session.created'>['policy'];
  /** Set once all that it depends on has ended: its prompt with their results, null where it asks for none. */
  readonly handedOn?: { readonly prompt: string | null };
  readonly childIds: readonly string[];
  readonly attempt: Attempt | null;
  /** Of the attempts before, the newest last. */
  readonly earlierAttempts: readonly AttemptUsage[];
  readonly retries: number;
  readonly workspace: WorkspaceInUse | null;
  readonly result: SessionEventData<'session.completed'>['result'];
  readonly commit: string | null;
  readonly subTasks: { readonly succeeded: number; readonly failed: number } | null;
  readonly failure: Failure | null;
  /** How the attempt before the present one ended. */
  readonly lastFailure: Failure | null;
  /** The last order to take it back to a checkpoint, and the attempt whose work that was. */
  readonly revert:
    | (RevertInUse & {
        readonly resume: ResumePoint;
        readonly requested: number;
        readonly tries: number;
        readonly attempt: number;
      })
    | null;
  readonly checkpoints: { readonly count: number; readonly last: Checkpoint | null };
  /** Of all attempts; it only grows. `subAgents` is the part of it that these took. */
  readonly usage: ModelUsage & { readonly subAgents: ModelUsage | null };
  /** Of the last attempt that ran alone on its server; null when none did. */
  readonly resources: ResourceUsage | null;
  /** The newest ones; `warningCount` counts all. */
  readonly warnings: readonly Warning[];
  readonly warningCount: number;
  readonly times: {
    readonly queuedAt: string | null;
    readonly startedAt: string | null;
    readonly completedAt: string | null;
    readonly failedAt: string | null;
    /** Set while the session wants a slot. */
    readonly waitingSince: string | null;
    /** Set while an agent works on it. */
    readonly workingSince: string | null;
    readonly queuedMs: number;
    readonly executingMs: number;
    /** The part of `executingMs` that belongs to the present attempt; `maxDurationSeconds` bounds it. */
    readonly attemptMs: number;
  };
  readonly timers: Readonly<Partial<Record<TimerName, Timer>>>;
  /** What waits for an answer of a person, in the order in which it was asked. */
  readonly approvals: readonly Approval[];
  /** Further prompts, in the order in which they came; missing unless there was one. */
  readonly prompts?: readonly FollowUp[];
}

/** Whether something of the last turn may still work, and nobody could show in time that it does not. */
export function isStopUnconfirmed({ attempt }: Pick<SessionSnapshot, 'attempt'>): boolean {
  return attempt !== null && attempt.open && (attempt.stop?.failure ?? null) !== null;
}

/** The end of a turn is looked for at once, and on a server out of reach half a minute later: by then it is shown, or `stop_unconfirmed`. */
const LOOKED_FOR_MS = 60_000;

/** Whether the next attempt could get in the way of the last turn. When nobody is left to look for the end of that, not for ever. */
export function mayStillWork(snapshot: SessionSnapshot, now: string): boolean {
  if (!snapshot.attempt?.open) return false;
  return (
    isStopUnconfirmed(snapshot) || elapsedMs(snapshot.times.failedAt ?? snapshot.statusUpdatedAt, now) < LOOKED_FOR_MS
  );
}

/** Which run of which attempt a report speaks of. */
export function attemptToken(attempt: Pick<Attempt, 'number' | 'run'>): string {
  return `${attempt.number}.${attempt.run}`;
}

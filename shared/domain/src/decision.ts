import type {
  Cause,
  Checkpoint,
  ChildPolicy,
  SessionCommandName,
  SessionCommandPayload,
  SessionEventData,
  SessionEventType,
  Status,
  StoredSessionEvent,
} from '@oio/contracts';
import { ConflictError, type InvalidError } from '@oio/errors';
import type { DependencyOutcome } from './waits.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { TRANSITIONS } from './transitions.ts';

/** A command as the actor gets it. `create` has its own function, because there is no snapshot yet. */
export type SessionCommand = {
  [N in Exclude<SessionCommandName, 'create'>]: { readonly name: N; readonly payload: SessionCommandPayload<N> };
}[Exclude<SessionCommandName, 'create'>];

/** How a session came to its owner. */
export interface TakenOver {
  /** How long nobody had owned it before, in milliseconds: then nothing has run it either. */
  readonly unownedMs: number;
}

/** All that a decision may know besides the snapshot and the command. Time, ids and chance come from outside. */
export interface DecisionContext {
  /** Now, on the database's clock. */
  readonly now: string;
  readonly cause: Cause;
  readonly commandId: string | null;
  readonly epoch: number;
  /** In [0, 1), for the jitter of back-offs. */
  readonly random: number;
  /** The id that a new attempt's prompt gets in OpenCode. */
  readonly messageId: string;
  /** Set when this owner has taken the session over and not written anything to its history yet. */
  readonly takenOver?: TakenOver | null;
  /** The commit that holds the files as they are now; null where there is no git, missing when nobody was asked. */
  readonly fileSnapshot?: string | null;
  /** The checkpoint that a command names; null when it is not kept. */
  readonly checkpoint?: Checkpoint | null;
  /** How the sessions stand that this one depends on; only needed by `settle-dependencies`. */
  readonly dependencies?: readonly DependencyOutcome[];
  /** How the children have ended so far; only needed for sessions that have some. */
  readonly children?: { readonly succeeded: number; readonly failed: number; readonly unended: number };
}

/** A fact that follows from a command, before it has a place in the history. */
export type NewEvent = {
  [T in SessionEventType]: { readonly type: T; readonly data: SessionEventData<T> };
}[SessionEventType];

/** What must happen outside once the events are committed. Each is derived again from the snapshot after a crash. */
export type Effect =
  | { readonly type: 'execute-attempt' }
  | { readonly type: 'revert-workspace' }
  | { readonly type: 'abort-attempt'; readonly serverId: string; readonly token: string }
  | { readonly type: 'settle-children'; readonly policy: Exclude<ChildPolicy, 'detach'> };

/** What a command leads to. `nothing`: it came too late or says what is known; that is no error. */
export type Verdict =
  | { readonly kind: 'events'; readonly events: readonly NewEvent[]; readonly effects?: readonly Effect[] }
  | { readonly kind: 'refused'; readonly error: ConflictError | InvalidError }
  | { readonly kind: 'nothing' };

/** A verdict with all that has to be committed: the events with their places, and the snapshot after them. */
export type Decision =
  | {
      readonly kind: 'events';
      readonly events: readonly StoredSessionEvent[];
      readonly next: SessionSnapshot;
      readonly effects: readonly Effect[];
    }
  | Exclude<Verdict, { kind: 'events' }>;

/** Decides one command. Pure: it throws for bugs only, and refuses by its verdict. */
export type Decider<N extends SessionCommandName> = (
  snapshot: SessionSnapshot,
  payload: SessionCommandPayload<N>,
  context: DecisionContext,
) => Verdict;

/** It changes nothing, and nobody is told so as an error. */
export const nothing: Verdict = { kind: 'nothing' };

/** These facts follow, and these effects once they are committed. */
export function emit(events: readonly NewEvent[], effects: readonly Effect[] = []): Verdict {
  return { kind: 'events', events, effects };
}

/** The refusal of a command that the present status does not allow; it names both states, the session and the way on. */
export function refuse(
  snapshot: SessionSnapshot,
  command: SessionCommandName,
  target: Status,
  allowed: readonly string[],
  why?: string,
): Verdict {
  const possible = allowed.length > 0 ? `Possible now: ${allowed.join(', ')}.` : 'Nothing can change it any more.';
  return {
    kind: 'refused',
    error: new ConflictError(
      `Session ${snapshot.id} is ${snapshot.status} and cannot become ${target} by "${command}"${why ? `: ${why}` : ''}. ${possible}`,
      {
        code: 'illegal_transition',
        facts: { sessionId: snapshot.id, status: snapshot.status, target, allowed },
      },
    ),
  };
}

/** Whether the state machine allows the transition. */
export function canBecome(snapshot: SessionSnapshot, to: Status): boolean {
  return TRANSITIONS[snapshot.status].includes(to);
}

/** The part of its event that every transition has in common. */
export function transitionTo(snapshot: SessionSnapshot, to: Status) {
  return { from: snapshot.status, to, attempt: snapshot.attempt?.number ?? 0 };
}

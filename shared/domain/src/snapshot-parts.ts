import type { SessionEventData } from '@oio/contracts';
import { noUsage } from './usage.ts';
import { isObject, isReadable } from './readable.ts';
import type { SessionSnapshot } from './snapshot.ts';

/** What is settled when a session is created and never changes: the data of its first event, which nobody can change. */
export type Birth = SessionEventData<'session.created'>;

/** What changes of a session: this alone has to be written at each commit. */
export type SessionState = Omit<SessionSnapshot, keyof Birth>;

/** What a session begins with. It is not written until it changes: most of a young session, and much of any other, is this. */
export const BLANK = {
  deletedAt: null,
  childIds: [],
  attempt: null,
  earlierAttempts: [],
  retries: 0,
  workspace: null,
  result: null,
  commit: null,
  subTasks: null,
  failure: null,
  lastFailure: null,
  revert: null,
  checkpoints: { count: 0, last: null },
  usage: { ...noUsage, subAgents: null },
  resources: null,
  warnings: [],
  warningCount: 0,
  times: {
    queuedAt: null,
    startedAt: null,
    completedAt: null,
    failedAt: null,
    waitingSince: null,
    workingSince: null,
    queuedMs: 0,
    executingMs: 0,
    attemptMs: 0,
  },
  timers: {},
  approvals: [],
} as const satisfies Partial<SessionState>;

/** A session as it is stored; null for a part that is missing. Either may be damaged, or of another version. */
export interface StoredSession {
  readonly birth: unknown;
  readonly state: unknown;
}

interface Parts {
  readonly birth: Birth;
  /** Without what is as it was in the beginning. */
  readonly state: Partial<SessionState>;
}

/** Takes a snapshot apart. */
export function partsOf({ tenant, createdBy, session, place, forkedFrom, policy, ...whole }: SessionSnapshot): Parts {
  const state: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(whole)) if (value !== BLANK[key as keyof typeof BLANK]) state[key] = value;
  return { birth: { tenant, createdBy, session, place, ...(forkedFrom && { forkedFrom }), policy }, state };
}

/** The inverse of `partsOf`. */
export function snapshotOf({ birth, state }: Parts): SessionSnapshot {
  const { tenant, createdBy, session, place, forkedFrom, policy } = birth;
  const born = { tenant, createdBy, session, place, ...(forkedFrom && { forkedFrom }), policy };
  return { ...born, ...BLANK, ...state } as SessionSnapshot;
}

/** The snapshot that is stored; null when it has not the shape that this version knows. Whoever reads one leaves it alone then. */
export function readSnapshot({ birth, state }: StoredSession): SessionSnapshot | null {
  if (!isObject(birth) || !isObject(state)) return null;
  const snapshot: unknown = snapshotOf({ birth, state } as unknown as Parts);
  return isReadable(snapshot) ? snapshot : null;
}

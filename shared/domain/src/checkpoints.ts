import { type Checkpoint, noTokens, type ResumePoint } from '@oio/contracts';
import type { SessionSnapshot } from './snapshot.ts';

/** How many checkpoints are kept; their sequence goes on counting. Source: the domain specification, section 3.1. */
export const CHECKPOINTS_KEPT = 100;

/** The next checkpoint of a session. Without a resume point of its own it repeats what the last one knew. */
export function nextCheckpoint(
  snapshot: SessionSnapshot,
  made: {
    readonly at: string;
    readonly origin: Checkpoint['origin'];
    readonly data?: Checkpoint['data'];
    readonly resume?: ResumePoint;
    /** The commit that holds the files as they are right now; undefined when nobody was asked. */
    readonly fileSnapshot?: string | null | undefined;
  },
): Checkpoint {
  const { tokens, costUsd } = snapshot.usage;
  return {
    sequence: snapshot.checkpoints.count + 1,
    timestamp: made.at,
    origin: made.origin,
    attempt: snapshot.attempt?.number ?? 0,
    data: made.data ?? {},
    // Tokens and cost are those of the whole session, which only it knows.
    resume: { ...(made.resume ?? presentResumePoint(snapshot, made.fileSnapshot)), tokens, costUsd },
  };
}

/** Where to go on before any step was finished; the conversation may exist already. */
export function emptyResumePoint(openCodeSessionId: string | null = null): ResumePoint {
  return { openCodeSessionId, lastMessageId: null, fileSnapshot: null, todos: [], tokens: noTokens, costUsd: 0 };
}

function presentResumePoint(
  { attempt, checkpoints }: SessionSnapshot,
  fileSnapshot: string | null | undefined,
): Omit<ResumePoint, 'tokens' | 'costUsd'> {
  const last = checkpoints.last?.resume ?? emptyResumePoint();
  return {
    openCodeSessionId: attempt?.openCodeSessionId ?? last.openCodeSessionId,
    lastMessageId: last.lastMessageId,
    fileSnapshot: fileSnapshot === undefined ? last.fileSnapshot : fileSnapshot,
    todos: last.todos,
  };
}

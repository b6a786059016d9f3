import { ConflictError } from '@oio/errors';
import { CHECKPOINTS_KEPT, nextCheckpoint } from './checkpoints.ts';
import {
  type Decider,
  type DecisionContext,
  type Effect,
  emit,
  type NewEvent,
  nothing,
  type Verdict,
} from './decision.ts';
import { failureOf } from './failures.ts';
import type { SessionSnapshot } from './snapshot.ts';

/** Somebody who took the order over may have died with it: it is given again, this often in all. */
const TRIES = 6;

const REVERTABLE = new Set(['paused', 'stopped', 'timeout', 'failed']);

/** Whether nothing works on the session or is about to, so that it can be taken back. */
export function mayRevert(snapshot: SessionSnapshot): boolean {
  const { status, deletedAt, attempt, times, timers, workspace } = snapshot;
  if (!REVERTABLE.has(status) || deletedAt !== null || isReverting(snapshot)) return false;
  return attempt?.open === false && times.waitingSince === null && !timers.retry && workspace?.kind === 'worktree';
}

/** Why not, where the state alone does not say it. */
export function whyNotReverted(snapshot: SessionSnapshot): string {
  const { status, attempt, timers, workspace, place } = snapshot;
  if (isReverting(snapshot)) return `it is being taken back to checkpoint ${snapshot.revert?.checkpoint} already`;
  if (!REVERTABLE.has(status)) return 'only a paused, stopped, failed or timed-out session is taken back';
  if (timers.retry) return `an automatic retry is due at ${timers.retry.fireAt}`;
  if (attempt?.open) return 'its last turn has not been shown to have ended yet; try again';
  if (workspace?.kind === 'in_place')
    return place.repository
      ? 'it works in place, in files that are not only its own; take them from the commit of the checkpoint yourself'
      : 'its directory is not under git, so that no checkpoint holds its files';
  return 'it has no workspace, or waits for a slot already';
}

/** Whether the order to take it back is given and its end not told yet. */
export function isReverting({ revert }: SessionSnapshot): boolean {
  return revert?.state === 'under_way';
}

/** What it is before is kept as a checkpoint first, so that it can be taken back to that. */
export const revert: Decider<'revert'> = (snapshot, { checkpoint: sequence }, { now, fileSnapshot, checkpoint }) => {
  if (!checkpoint) return refusedFor(snapshot, 'checkpoint_not_found', `There is no checkpoint ${sequence}`);
  if (checkpoint.resume.fileSnapshot === null)
    return refusedFor(snapshot, 'no_file_snapshot', `Checkpoint ${sequence} holds no files`);
  const data = { before: 'revert', checkpoint: sequence };
  const present = nextCheckpoint(snapshot, { at: now, origin: 'request', data, fileSnapshot });
  return emit(
    [
      { type: 'session.checkpoint-made', data: { checkpoint: present } },
      { type: 'session.revert-requested', data: { checkpoint: sequence, resume: checkpoint.resume, tries: 1 } },
    ],
    REVERT,
  );
};

/** How the order has ended; an answer to an older order changes nothing. */
export const revertEnded: Decider<'revert-ended'> = (snapshot, { requested, conversation, failure }, { now }) => {
  const { revert: order } = snapshot;
  if (!order || !isReverting(snapshot) || order.requested !== requested) return nothing;
  const { checkpoint, resume } = order;
  if (!conversation) return emit([failed(checkpoint, failure ?? failureOf('internal'))]);
  const made = nextCheckpoint(snapshot, {
    at: now,
    origin: 'revert',
    data: { revertedTo: checkpoint },
    resume: { ...resume, ...conversation },
  });
  return emit([
    { type: 'session.reverted', data: { checkpoint } },
    { type: 'session.checkpoint-made', data: { checkpoint: made } },
  ]);
};

/** Nobody has told how the order ended. */
export function revertOverdue(snapshot: SessionSnapshot, _context: DecisionContext): Verdict {
  const { revert: order } = snapshot;
  if (!order || !isReverting(snapshot)) return nothing;
  const { checkpoint, resume, tries } = order;
  if (tries >= TRIES) {
    const message = `No opencode-gateway has taken it back to checkpoint ${checkpoint}; it may have been begun.`;
    return emit([failed(checkpoint, failureOf('workspace_failed', message))]);
  }
  return emit([{ type: 'session.revert-requested', data: { checkpoint, resume, tries: tries + 1 } }], REVERT);
}

/** What an order to take a session back leads to. */
export const REVERT: readonly Effect[] = [{ type: 'revert-workspace' }];

function failed(checkpoint: number, failure: ReturnType<typeof failureOf>): NewEvent {
  return { type: 'session.revert-failed', data: { checkpoint, failure } };
}

function refusedFor({ id, checkpoints }: SessionSnapshot, code: string, what: string): Verdict {
  const kept = `Its checkpoints are ${Math.max(1, checkpoints.count - CHECKPOINTS_KEPT + 1)} to ${checkpoints.count}.`;
  const error = new ConflictError(`${what} of session ${id}. ${kept}`, { code, facts: { sessionId: id } });
  return { kind: 'refused', error };
}

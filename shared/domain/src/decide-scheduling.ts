import type { Failure, internalCommands } from '@oio/contracts';
import { expireDue } from './decide-approvals.ts';
import { nextCheckpoint } from './checkpoints.ts';
import { isReverting, REVERT, revertEnded, revertOverdue } from './decide-revert.ts';
import { abort, allowedCommands, queued, settleChildren } from './decide-client.ts';
import {
  canBecome,
  type Decider,
  type DecisionContext,
  type Effect,
  emit,
  nothing,
  refuse,
  type TakenOver,
  transitionTo,
  type Verdict,
} from './decision.ts';
import { supersede } from './concurrency.ts';
import { settleDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';
import { isRecoverable } from './retry-policy.ts';
import { mayStillWork, type SessionSnapshot, type TimerName } from './snapshot.ts';
import { isLiving, isTerminal, isWorking } from './transitions.ts';

type Name = Exclude<keyof typeof internalCommands, `report-${string}`>;

/** What the scheduler, the timers, new owners, parents and children order. */
export const schedulingDeciders: { readonly [N in Name]: Decider<N> } = {
  dispatch: (snapshot, { serverId, schedulerEpoch }, { messageId, now }) => {
    const refused = (why?: string): Verdict => refuse(snapshot, 'dispatch', 'running', allowedCommands(snapshot), why);
    if (snapshot.times.waitingSince === null) return refused();
    // Retried by hand. A paused one goes on in the conversation of its last run, whose gateway does one thing after the other.
    if (snapshot.status === 'queued' && mayStillWork(snapshot, now))
      return refused('its last turn may still be at work');
    const data = { ...transitionTo(snapshot, 'running'), ...runOf(snapshot, serverId, messageId), schedulerEpoch };
    return emit([{ type: 'session.running', data }], [{ type: 'execute-attempt' }]);
  },
  'fire-timer': (snapshot, { name, generation }, context) => {
    const timer = TIMERS[name as TimerName];
    if (!timer || snapshot.timers[name as TimerName]?.generation !== generation) return nothing;
    return timer(snapshot, context);
  },
  adopt: (snapshot, _payload, { takenOver }) => {
    if (takenOver && isWorking(snapshot.status)) return adopted(snapshot, takenOver);
    const effects = pendingEffects(snapshot);
    return isLiving(snapshot.status) || effects.length > 0 ? emit([], effects) : nothing;
  },
  'add-child': (snapshot, { childId }) => {
    if (snapshot.childIds.includes(childId)) return nothing;
    if (childId === snapshot.id || childId === snapshot.session.parentId) {
      return refuse(
        snapshot,
        'add-child',
        'running',
        allowedCommands(snapshot),
        'sessions form a tree, and this child stands above it',
      );
    }
    if (!isLiving(snapshot.status))
      return refuse(
        snapshot,
        'add-child',
        'running',
        allowedCommands(snapshot),
        'a session that has ended takes no further children',
      );
    return emit([{ type: 'session.child-added', data: { childId } }]);
  },
  'child-ended': (snapshot, { childId }, { children }) => {
    const isPartial = snapshot.status === 'partially_completed' && snapshot.childIds.includes(childId);
    // One that is being retried may fail again.
    if (!isPartial || !children || children.failed + children.unended > 0) return nothing;
    const { result, commit } = snapshot;
    return emit([
      {
        type: 'session.completed',
        data: { ...transitionTo(snapshot, 'completed'), result, commit, succeeded: children.succeeded },
      },
    ]);
  },
  'revert-ended': revertEnded,
  'settle-dependencies': settleDependencies,
  supersede,
  'give-up': (snapshot, { failure }) => {
    if (snapshot.status !== 'pending' && snapshot.status !== 'queued') return nothing;
    return failWaiting(snapshot, failure);
  },
  'end-by-parent': (snapshot, { policy, parentId }) => {
    // Only its own parent: a refused submission may have left its id with another session.
    if (!isLiving(snapshot.status) || snapshot.session.parentId !== parentId) return nothing;
    return endedByParent(snapshot, policy, parentId);
  },
};

/** Ends a session that waits, for good. */
function failWaiting(snapshot: SessionSnapshot, failure: Failure): Verdict {
  return emit(
    [{ type: 'session.failed', data: { ...transitionTo(snapshot, 'failed'), failure, retryAt: null } }],
    [...abort(snapshot), ...settleChildren(snapshot)],
  );
}

/** A paused attempt goes on where it was, under the same prompt, unless that was taken back; anything else that waits begins a new one. */
function runOf({ status, attempt, revert }: SessionSnapshot, serverId: string, messageId: string) {
  const isTakenBack = revert?.state === 'done' && revert.attempt === attempt?.number;
  if (status === 'paused' && attempt && !isTakenBack) {
    return { attempt: attempt.number, run: attempt.run + 1, serverId: attempt.serverId, messageId: attempt.messageId };
  }
  return { attempt: (attempt?.number ?? 0) + 1, run: 1, serverId, messageId };
}

/** What is still to be done outside for a session in this state: the same after a crash as before it. */
export function pendingEffects(snapshot: SessionSnapshot): readonly Effect[] {
  if (isWorking(snapshot.status)) return [{ type: 'execute-attempt' }];
  const reverting = isReverting(snapshot) ? REVERT : [];
  return [...abort(snapshot), ...reverting, ...(hasEnded(snapshot) ? settleChildren(snapshot) : [])];
}

/** Ended for good, as far as nobody orders a retry: no automatic one is due. */
function hasEnded({ status, timers }: SessionSnapshot): boolean {
  return isTerminal(status) && !timers.retry;
}

const TIMERS: { readonly [N in TimerName]: (snapshot: SessionSnapshot, context: DecisionContext) => Verdict } = {
  'not-before': (snapshot) => (snapshot.status === 'pending' ? emit([queued(snapshot)]) : nothing),
  'queue-timeout': (snapshot) => {
    if (snapshot.status !== 'queued') return nothing;
    const failure = failureOf(
      'queue_timeout',
      `It waited for ${snapshot.session.queueTimeoutSeconds} s, the longest allowed (queueTimeoutSeconds).`,
    );
    return failWaiting(snapshot, failure);
  },
  'max-duration': (snapshot, { takenOver }) => {
    if (!canBecome(snapshot, 'timeout')) return nothing;
    // Where nobody ran it for a while, it is due that much later.
    if (takenOver && takenOver.unownedMs > 0 && isWorking(snapshot.status)) return adopted(snapshot, takenOver);
    const failure = failureOf(
      'time_exceeded',
      `It ran for ${snapshot.session.maxDurationSeconds} s, the most allowed (maxDurationSeconds).`,
    );
    return emit(
      [{ type: 'session.timeout', data: { ...transitionTo(snapshot, 'timeout'), failure } }],
      [...abort(snapshot), ...settleChildren(snapshot)],
    );
  },
  checkpoint: (snapshot, { now, fileSnapshot }) => {
    if (!isWorking(snapshot.status)) return nothing;
    return emit([
      {
        type: 'session.checkpoint-made',
        data: { checkpoint: nextCheckpoint(snapshot, { at: now, origin: 'interval', fileSnapshot }) },
      },
    ]);
  },
  revert: revertOverdue,
  approval: (snapshot, { now }) => expireDue(snapshot, now, snapshot.timers.approval?.fireAt ?? now),
  // It fires again by and by, until nothing of the last turn can get in the way of the next.
  retry: (snapshot, { now }) =>
    isRecoverable(snapshot) && !mayStillWork(snapshot, now) ? emit([queued(snapshot)]) : nothing,
};

function adopted(snapshot: SessionSnapshot, { unownedMs }: TakenOver): Verdict {
  const data = unownedMs > 0 ? { unownedMs } : {};
  return emit([{ type: 'session.adopted', data }], pendingEffects(snapshot));
}

/** What a state does not allow by policy it becomes by the other way of ending: a running child of `cancel` is stopped. */
function endedByParent(snapshot: SessionSnapshot, policy: 'cancel' | 'orphan', parentId: string): Verdict {
  const failure = failureOf('parent_ended', `Its parent ${parentId} has ended.`);
  const effects = [...abort(snapshot), ...settleChildren(snapshot)];
  if (policy === 'orphan')
    return emit([{ type: 'session.orphaned', data: { ...transitionTo(snapshot, 'orphaned'), failure } }], effects);
  if (canBecome(snapshot, 'cancelled'))
    return emit([{ type: 'session.cancelled', data: { ...transitionTo(snapshot, 'cancelled'), failure } }], effects);
  return emit([{ type: 'session.stopped', data: { ...transitionTo(snapshot, 'stopped'), failure } }], effects);
}

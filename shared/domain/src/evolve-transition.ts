import type { SessionEventType, Status, StoredSessionEvent } from '@oio/contracts';
import { beginAttempt, timersOfRun } from './begin-attempt.ts';
import { revived } from './evolve-prompts.ts';
import type { Evolvers } from './evolvers.ts';
import { elapsedMs, later } from './instants.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { isWorking } from './transitions.ts';

type TransitionType = Extract<SessionEventType, `session.${Status}`>;
type Transition<T extends TransitionType = TransitionType> = StoredSessionEvent<T>;

/** The events that change the status, and two that change what is counted of its times: a paused session wants a slot, another owner goes on with it. */
export const transitionEvolvers: Pick<Evolvers, TransitionType | 'session.resume-requested' | 'session.adopted'> = {
  'session.queued': (snapshot, event) => {
    const next = moved(snapshot, event);
    const retried = event.data.from !== 'pending';
    return {
      ...next,
      ...revived(snapshot),
      retries: snapshot.retries + (retried ? 1 : 0),
      failure: null,
      lastFailure: snapshot.failure,
      times: { ...next.times, queuedAt: event.at, waitingSince: event.at },
      timers: patience(snapshot, event),
    };
  },
  'session.running': (snapshot, event) =>
    event.data.from === 'degraded' ? { ...moved(snapshot, event), failure: null } : dispatched(snapshot, event),
  'session.paused': moved,
  'session.degraded': (snapshot, event) => ({ ...moved(snapshot, event), failure: event.data.failure }),
  'session.completed': (snapshot, event) => ({
    ...ended(snapshot, event, 'completedAt'),
    failure: null,
    result: event.data.result,
    commit: event.data.commit ?? snapshot.commit,
    subTasks: event.data.succeeded ? { succeeded: event.data.succeeded, failed: 0 } : null,
  }),
  'session.partially_completed': (snapshot, event) => ({
    ...ended(snapshot, event, 'completedAt'),
    failure: null,
    result: event.data.result,
    commit: event.data.commit ?? snapshot.commit,
    subTasks: { succeeded: event.data.succeeded, failed: event.data.failed },
  }),
  'session.failed': (snapshot, event) => {
    const next = { ...ended(snapshot, event, 'failedAt'), failure: event.data.failure };
    if (!event.data.retryAt) return next;
    return { ...next, timers: { retry: { generation: event.seq, fireAt: event.data.retryAt } } };
  },
  'session.timeout': failed,
  'session.stopped': failed,
  'session.cancelled': failed,
  'session.orphaned': failed,
  'session.resume-requested': (snapshot, { at }) => ({ ...snapshot, times: { ...snapshot.times, waitingSince: at } }),
  'session.adopted': (snapshot, { at, seq, data: { unownedMs = 0 } }) => {
    const { workingSince } = snapshot.times;
    const idleMs = Math.min(unownedMs, elapsedMs(workingSince, at));
    if (workingSince === null || idleMs === 0) return snapshot;
    const limit = snapshot.timers['max-duration'];
    return {
      ...snapshot,
      times: { ...snapshot.times, workingSince: later(workingSince, idleMs) },
      timers: limit
        ? { ...snapshot.timers, 'max-duration': { generation: seq, fireAt: later(limit.fireAt, idleMs) } }
        : snapshot.timers,
    };
  },
};

/** Whoever waits for a slot only so long gives up by itself. */
function patience({ session }: SessionSnapshot, { at, seq }: Transition<'session.queued'>): SessionSnapshot['timers'] {
  if (!session.queueTimeoutSeconds) return {};
  return { 'queue-timeout': { generation: seq, fireAt: later(at, session.queueTimeoutSeconds * 1_000) } };
}

/** What every transition does: the status, and the time spent waiting or working. */
function moved(snapshot: SessionSnapshot, event: Transition): SessionSnapshot {
  const { to } = event.data;
  const { times } = snapshot;
  const leavesWork = times.workingSince !== null && !isWorking(to);
  const workedMs = leavesWork ? elapsedMs(times.workingSince, event.at) : 0;
  return {
    ...snapshot,
    status: to,
    statusUpdatedAt: event.at,
    timers: isWorking(to) ? snapshot.timers : ofRevert(snapshot),
    times: {
      ...times,
      waitingSince: null,
      workingSince: leavesWork ? null : times.workingSince,
      queuedMs: times.queuedMs + (times.waitingSince ? elapsedMs(times.waitingSince, event.at) : 0),
      executingMs: times.executingMs + workedMs,
      attemptMs: times.attemptMs + workedMs,
    },
  };
}

/** It goes on, whatever becomes of the session meanwhile. */
function ofRevert({ timers: { revert } }: SessionSnapshot): SessionSnapshot['timers'] {
  return revert ? { revert } : {};
}

function dispatched(snapshot: SessionSnapshot, event: Transition<'session.running'>): SessionSnapshot {
  const next = moved(snapshot, event);
  const isNew = snapshot.attempt?.number !== event.data.attempt;
  const attemptMs = isNew ? 0 : next.times.attemptMs;
  const { run, serverId } = event.data;
  return {
    ...next,
    ...(isNew || !snapshot.attempt
      ? beginAttempt(snapshot, event)
      : { attempt: { ...snapshot.attempt, run, serverId, open: true, stop: null } }),
    failure: null,
    times: { ...next.times, startedAt: next.times.startedAt ?? event.at, workingSince: event.at, attemptMs },
    timers: timersOfRun(snapshot, event, attemptMs),
  };
}

function ended(snapshot: SessionSnapshot, event: Transition, mark: 'completedAt' | 'failedAt'): SessionSnapshot {
  const next = moved(snapshot, event);
  return { ...next, times: { ...next.times, [mark]: event.at } };
}

function failed(
  snapshot: SessionSnapshot,
  event: Transition<'session.timeout' | 'session.stopped' | 'session.cancelled' | 'session.orphaned'>,
): SessionSnapshot {
  return { ...ended(snapshot, event, 'failedAt'), failure: event.data.failure };
}

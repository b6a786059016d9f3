import type { ClientCommandName, Status } from '@oio/contracts';
import { answer } from './decide-approvals.ts';
import { namedModel } from './chosen-model.ts';
import { nextCheckpoint } from './checkpoints.ts';
import { canBecome, type Decider, type Effect, emit, refuse, transitionTo } from './decision.ts';
import { isReverting, mayRevert, revert, whyNotReverted } from './decide-revert.ts';
import { mayPrompt, prompt, removePrompt, whyNotPrompted } from './decide-prompts.ts';
import { waitsForDependencies } from './waits.ts';
import { failureOf } from './failures.ts';
import { waitingPrompts } from './follow-ups.ts';
import { isRecoverable, mayRetry } from './retry-policy.ts';
import { attemptToken, isStopUnconfirmed, type SessionSnapshot } from './snapshot.ts';
import { isTerminal, isWorking } from './transitions.ts';

type Name = Exclude<ClientCommandName, 'create'>;

/** The commands that a client can send now without being refused for the state. */
export function allowedCommands(snapshot: SessionSnapshot): readonly Name[] {
  return (Object.keys(ALLOWED) as Name[]).filter((name) => ALLOWED[name](snapshot));
}

const ALLOWED: { readonly [N in Name]: (snapshot: SessionSnapshot) => boolean } = {
  start: (snapshot) => snapshot.status === 'pending' && !waitsForDependencies(snapshot),
  pause: (snapshot) => canBecome(snapshot, 'paused'),
  resume: (snapshot) => snapshot.status === 'paused' && snapshot.times.waitingSince === null && !isReverting(snapshot),
  stop: (snapshot) => canBecome(snapshot, 'stopped'),
  cancel: (snapshot) => canBecome(snapshot, 'cancelled'),
  retry: (snapshot) =>
    !isReverting(snapshot) &&
    !isStopUnconfirmed(snapshot) &&
    (isRecoverable(snapshot) ||
      (snapshot.status === 'partially_completed' && snapshot.deletedAt === null && mayRetry(snapshot))),
  revert: mayRevert,
  checkpoint: ({ status }) => isWorking(status) || status === 'paused',
  answer: ({ approvals }) => approvals.length > 0,
  prompt: mayPrompt,
  'remove-prompt': (snapshot) => waitingPrompts(snapshot).length > 0,
  delete: ({ status, deletedAt }) => isTerminal(status) && deletedAt === null,
};

/** What people order. Each is refused with both states named where the present one does not allow it. */
export const clientDeciders: { readonly [N in Name]: Decider<N> } = {
  start: guarded('start', 'queued', (snapshot) => emit([queued(snapshot)])),
  pause: guarded('pause', 'paused', (snapshot) =>
    emit([{ type: 'session.paused', data: transitionTo(snapshot, 'paused') }], abort(snapshot)),
  ),
  resume: guarded('resume', 'running', (snapshot) =>
    emit([{ type: 'session.resume-requested', data: { priority: snapshot.session.priority, place: snapshot.place } }]),
  ),
  stop: guarded('stop', 'stopped', (snapshot, { reason }) =>
    emit(
      [
        {
          type: 'session.stopped',
          data: { ...transitionTo(snapshot, 'stopped'), failure: failureOf('stopped_by_user', reason) },
        },
      ],
      [...abort(snapshot), ...settleChildren(snapshot)],
    ),
  ),
  cancel: guarded('cancel', 'cancelled', (snapshot, { reason }) =>
    emit(
      [
        {
          type: 'session.cancelled',
          data: { ...transitionTo(snapshot, 'cancelled'), failure: failureOf('cancelled_by_user', reason) },
        },
      ],
      [...abort(snapshot), ...settleChildren(snapshot)],
    ),
  ),
  retry: guarded('retry', 'queued', (snapshot) => emit([queued(snapshot)])),
  checkpoint: guarded('checkpoint', 'running', (snapshot, { data }, { now, fileSnapshot }) =>
    emit([
      {
        type: 'session.checkpoint-made',
        data: { checkpoint: nextCheckpoint(snapshot, { at: now, origin: 'request', data, fileSnapshot }) },
      },
    ]),
  ),
  revert: guarded('revert', 'paused', revert),
  answer,
  prompt: guarded('prompt', 'running', prompt),
  'remove-prompt': removePrompt,
  delete: guarded('delete', 'cancelled', (snapshot) =>
    emit([{ type: 'session.deleted', data: {} }], snapshot.timers.retry ? settleChildren(snapshot) : []),
  ),
};

function guarded<N extends Name>(name: N, target: Status, decider: Decider<N>): Decider<N> {
  return (snapshot, payload, context) => {
    if (ALLOWED[name](snapshot)) return decider(snapshot, payload, context);
    return refuse(snapshot, name, target, allowedCommands(snapshot), WHY_NOT[name]?.(snapshot));
  };
}

/** What the states alone do not say. */
const WHY_NOT: { readonly [N in Name]?: (snapshot: SessionSnapshot) => string | undefined } = {
  resume: (snapshot) => {
    if (isReverting(snapshot)) return whyNotReverted(snapshot);
    return snapshot.status === 'paused' ? 'it waits for a slot already' : undefined;
  },
  revert: whyNotReverted,
  start: ({ status }) => (status === 'pending' ? 'it waits for sessions that it depends on' : undefined),
  retry: whyNotRetried,
  prompt: whyNotPrompted,
  checkpoint: () => 'only a running, degraded or paused session has work to keep',
  delete: ({ deletedAt }) =>
    deletedAt === null ? 'only a session that has ended can be deleted' : 'it is deleted already',
};

function whyNotRetried(snapshot: SessionSnapshot): string {
  if (isReverting(snapshot)) return whyNotReverted(snapshot);
  if (snapshot.deletedAt !== null) return 'it is deleted';
  if (isStopUnconfirmed(snapshot)) return 'its last turn may still be at work (stop_unconfirmed)';
  if (snapshot.status === 'completed') return 'a completed session is never retried';
  if (!canBecome(snapshot, 'queued') || snapshot.status === 'pending')
    return 'only sessions that failed, timed out, were stopped or completed in part are retried';
  if (snapshot.checkpoints.count === 0) return 'it has no checkpoint to go on from';
  return `it has been retried ${snapshot.retries} times, the most allowed`;
}

/** Back into the queue, by start or retry. */
export function queued(snapshot: SessionSnapshot) {
  return {
    type: 'session.queued',
    data: {
      ...transitionTo(snapshot, 'queued'),
      priority: snapshot.session.priority,
      place: snapshot.place,
      model: namedModel(snapshot.session),
      concurrencyKey: snapshot.session.concurrencyKey,
      resumable: snapshot.checkpoints.last?.resume ?? null,
    },
  } as const;
}

/** The order to end the run of which something may still work, if there is one. Repeating it changes nothing. */
export function abort(snapshot: SessionSnapshot): readonly Effect[] {
  if (!snapshot.attempt?.open) return [];
  return [{ type: 'abort-attempt', serverId: snapshot.attempt.serverId, token: attemptToken(snapshot.attempt) }];
}

/** The order to end living children by the policy of the parent. */
export function settleChildren(snapshot: SessionSnapshot): readonly Effect[] {
  const policy = snapshot.session.childPolicy;
  return snapshot.childIds.length === 0 || policy === 'detach' ? [] : [{ type: 'settle-children', policy }];
}

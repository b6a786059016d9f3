import type { ModelUsage, SessionEventType } from '@oio/contracts';
import { beginAttempt, timersOfRun } from './begin-attempt.ts';
import type { Evolvers } from './evolvers.ts';
import type { FollowUp } from './follow-ups.ts';
import { elapsedMs } from './instants.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { addUsage } from './usage.ts';

/** Of those that have ended, the newest are shown, with the beginning of their text; all stand in the history. */
const ENDED_SHOWN = 20;
const TEXT_SHOWN = 200;

type PromptEvent = Extract<SessionEventType, `session.prompt-${string}`>;

export const promptEvolvers: Pick<Evolvers, PromptEvent> = {
  'session.prompt-queued': (snapshot, { at, cause, data: { promptId, prompt } }) => {
    const times = { queuedAt: at, queuedBy: cause.id, startedAt: null, endedAt: null };
    const nothing = { attempt: null, usage: null, commit: null, failure: null };
    const queued: FollowUp = { id: promptId, prompt, state: 'queued', ...times, ...nothing };
    return { ...snapshot, prompts: [...(snapshot.prompts ?? []), queued] };
  },
  'session.prompt-started': (snapshot, event) => {
    const { at, data } = event;
    const workedMs = elapsedMs(snapshot.times.workingSince, at);
    const started = changed(snapshot, data.promptId, { state: 'running', startedAt: at, attempt: data.attempt });
    return {
      ...snapshot,
      ...beginAttempt(snapshot, event, data.promptId),
      prompts: shortened(started, data.promptId),
      lastFailure: null,
      times: {
        ...snapshot.times,
        workingSince: at,
        executingMs: snapshot.times.executingMs + workedMs,
        attemptMs: 0,
      },
      timers: { ...snapshot.timers, ...timersOfRun(snapshot, event, 0) },
    };
  },
  'session.prompt-ended': (snapshot, { at, data: { promptId, state, failure, commit } }) => {
    if (promptId === null) return snapshot;
    const prompts = changed(snapshot, promptId, { state, failure, commit, endedAt: at });
    return { ...snapshot, prompts: shortened(prompts, snapshot.attempt?.promptId) };
  },
};

/** It is the turn of a prompt once more that had ended with its session: that is retried. */
export function revived(snapshot: SessionSnapshot): Pick<SessionSnapshot, 'prompts'> {
  const promptId = snapshot.attempt?.promptId;
  if (promptId === undefined) return {};
  return { prompts: changed(snapshot, promptId, { state: 'running', endedAt: null, failure: null }) };
}

/** What was counted for the present attempt counts for its prompt. */
export function withPromptUsage(snapshot: SessionSnapshot, usage: ModelUsage): SessionSnapshot {
  const promptId = snapshot.attempt?.promptId;
  if (promptId === undefined) return snapshot;
  const before = snapshot.prompts?.find(({ id }) => id === promptId)?.usage ?? null;
  return { ...snapshot, prompts: changed(snapshot, promptId, { usage: addUsage(before, usage) }) };
}

function changed({ prompts = [] }: SessionSnapshot, promptId: string, change: Partial<FollowUp>): readonly FollowUp[] {
  return prompts.map((one) => (one.id === promptId ? { ...one, ...change } : one));
}

/** The present one is needed in full: it may be retried. */
function shortened(prompts: readonly FollowUp[], presentId: string | undefined): readonly FollowUp[] {
  const isOver = ({ id, state }: FollowUp): boolean => id !== presentId && state !== 'queued' && state !== 'running';
  const tooMany = prompts.filter(isOver).length - ENDED_SHOWN;
  let passed = 0;
  return prompts
    .filter((one) => !isOver(one) || (passed += 1) > tooMany)
    .map((one) => (isOver(one) ? { ...one, prompt: cut(one.prompt) } : one));
}

/** Half of a character would make PostgreSQL fail wherever a statement takes the state apart, the one that finds timers among them. */
function cut(text: string): string {
  return text.slice(0, TEXT_SHOWN).toWellFormed();
}

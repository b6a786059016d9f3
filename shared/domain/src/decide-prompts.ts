import { type Cause, MOST_WAITING_PROMPTS, type SessionEventData } from '@oio/contracts';
import { ConflictError } from '@oio/errors';
import { type Decider, type DecisionContext, emit, type NewEvent, type Verdict } from './decision.ts';
import { failureOf } from './failures.ts';
import { presentPrompt, waitingPrompts } from './follow-ups.ts';
import { isRecoverable, mayRetry } from './retry-policy.ts';
import type { SessionSnapshot } from './snapshot.ts';
import { isLiving, isTerminal } from './transitions.ts';

/** Whether the session will work once more without anybody asking for it, so that a further prompt gets its turn. */
export function mayPrompt({ status, timers }: SessionSnapshot): boolean {
  return isLiving(status) || timers.retry !== undefined;
}

/** Why a session that has ended takes no further prompt, and what to do instead, as the end of a sentence. */
export function whyNotPrompted(snapshot: SessionSnapshot): string {
  const way = isRecoverable(snapshot) ? 'retry it first, or fork it' : 'fork it';
  return `it has ended and takes no further prompts; ${way} from a checkpoint to go on with its work`;
}

/** The id of the command is that of the prompt: a repetition queues no second one. */
export const prompt: Decider<'prompt'> = (snapshot, payload, { commandId, now }) => {
  const waiting = waitingPrompts(snapshot).length;
  if (waiting >= MOST_WAITING_PROMPTS) {
    const message = `${waiting} prompts of session ${snapshot.id} wait already, the most allowed; send it when some of them have ended, or remove one.`;
    return refused(new ConflictError(message, { code: 'prompt_queue_full', facts: { waiting } }));
  }
  const promptId = commandId ?? `${snapshot.id}:${now}`;
  return emit([{ type: 'session.prompt-queued', data: { promptId, prompt: payload.prompt } }]);
};

/** Takes a prompt out of the queue; refused with `prompt_not_waiting` once it has begun. */
export const removePrompt: Decider<'remove-prompt'> = (snapshot, { promptId }, { cause }) => {
  const found = snapshot.prompts?.find(({ id }) => id === promptId);
  if (found?.state !== 'queued') {
    const why = found ? `is ${found.state}` : 'is not known to it';
    const message = `Prompt ${promptId} of session ${snapshot.id} ${why}: only one that waits can be taken out.`;
    const facts = { promptId, state: found?.state ?? null };
    return refused(new ConflictError(message, { code: 'prompt_not_waiting', facts }));
  }
  const failure = failureOf('prompt_removed', `${nameOf(cause)} took it out of the queue.`);
  return emit([ended({ promptId, state: 'cancelled', failure })]);
};

/** The present turn has ended well: its outcome, and the next prompt in an attempt of its own on the same server. */
export function nextPrompt(
  snapshot: SessionSnapshot,
  outcome: Pick<PromptEnd, 'result' | 'commit'>,
  { messageId }: Pick<DecisionContext, 'messageId'>,
): NewEvent[] {
  const [next] = waitingPrompts(snapshot);
  const { attempt } = snapshot;
  if (!next || !attempt) return [];
  const { serverId } = attempt;
  const start = { promptId: next.id, attempt: attempt.number + 1, run: 1, serverId, messageId };
  return [
    ended({ promptId: attempt.promptId ?? null, state: 'succeeded', ...outcome }),
    { type: 'session.prompt-started', data: start },
  ];
}

/**
 * Tells what becomes of the prompts of a session that ends. Those that wait stay where a person has only stopped it, so that a
 * retry goes on with them, and until an automatic retry; otherwise nothing will ever begin them.
 */
export function withPromptEnds(snapshot: SessionSnapshot, verdict: Verdict): Verdict {
  if (!snapshot.prompts || verdict.kind !== 'events') return verdict;
  const { events } = verdict;
  const at = events.findIndex(isEnd);
  const event = events[at];
  if (!event || isRetried(event)) return verdict;
  const present = presentPrompt(snapshot);
  const ofPresent = present?.state === 'running' ? [ended({ promptId: present.id, ...endBy(snapshot, event) })] : [];
  const isKept = event.type === 'session.stopped' && mayRetry(snapshot);
  const rest = isKept ? [] : waitingPrompts(snapshot).map(({ id }) => notReached(id, event));
  return { ...verdict, events: events.toSpliced(at, 0, ...ofPresent, ...rest) };
}

type PromptEnd = SessionEventData<'session.prompt-ended'>;

function ended(end: Pick<PromptEnd, 'promptId' | 'state'> & Partial<PromptEnd>): NewEvent {
  return { type: 'session.prompt-ended', data: { failure: null, result: null, commit: null, ...end } };
}

function isEnd({ type, data }: NewEvent): boolean {
  return type === 'session.deleted' || ('to' in data && isTerminal(data.to));
}

function isRetried(event: NewEvent): boolean {
  return event.type === 'session.failed' && event.data.retryAt !== null;
}

/** How the prompt ends whose turn it is. One of a session that is deleted before its retry has failed. */
function endBy(snapshot: SessionSnapshot, event: NewEvent): Pick<PromptEnd, 'state'> & Partial<PromptEnd> {
  const { data } = event;
  if ('result' in data && 'from' in data) return { state: 'succeeded', result: data.result, commit: data.commit };
  const failure = 'failure' in data ? data.failure : snapshot.failure;
  const isByPerson = event.type === 'session.stopped' || event.type === 'session.cancelled';
  return { state: isByPerson ? 'cancelled' : 'failed', failure };
}

function notReached(promptId: string, { data }: NewEvent): NewEvent {
  const why = `The session is ${'to' in data ? data.to : 'deleted'}.`;
  return ended({ promptId, state: 'cancelled', failure: failureOf('prompt_not_reached', why) });
}

function nameOf({ kind, id }: Cause): string {
  return kind === 'principal' ? id : `The ${kind}`;
}

function refused(error: ConflictError): Verdict {
  return { kind: 'refused', error };
}

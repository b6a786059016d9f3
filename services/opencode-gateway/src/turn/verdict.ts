import type { Failure } from '@oio/contracts';
import { type FailureCode, failureOf } from '@oio/domain';
import type { Activity } from '../agent-server/events.ts';
import type { AgentError, ToolCall, TurnMessage } from '../agent-server/messages.ts';
import { failureOfError, failureOfWaiting, isForGood, type TurnFailure } from './failure.ts';
import type { Liveness } from './liveness.ts';
import { stepsOf, type Usage, usageOf } from './steps.ts';
import { turnOf } from './turn.ts';
import { DEFAULT_LIMITS, type TurnLimits } from './turn-limits.ts';

/** Everything that is known of a turn at one moment. */
export interface TurnFacts {
  readonly messageId: string;
  readonly messages: readonly TurnMessage[];
  /** The session's entry in `activities`; undefined when it has none. */
  readonly activity: Activity | undefined;
  readonly nowMs: number;
  /**
   * When the prompt was handed over (or may have been), or the turn was last seen alive, whichever is later. Null when
   * nothing can be under way any more, because the server was started anew since.
   */
  readonly lastSignOfLifeAtMs: number | null;
  /** The last `error` event of the session since the prompt or the resume. */
  readonly lastError?: AgentError | null;
  readonly abortRequested?: boolean;
  /** The last message that stood there when the prompt was handed over or resumed: its error belongs to what was before. */
  readonly sentAfter?: string | null;
  /** Whether the turn is alive while OpenCode calls it busy. Default: it is. */
  readonly liveness?: Liveness;
  readonly limits?: Partial<TurnLimits>;
}

export type Verdict =
  /** The prompt is not stored: it may be sent. */
  | { readonly type: 'not_sent' }
  | {
      readonly type: 'running';
      readonly retry: Extract<Activity, { type: 'retry' }> | null;
      /** Why it is not known whether it is alive; null while that is known. */
      readonly doubt: Failure | null;
      /** When time alone may change this. */
      readonly againInMs: number;
    }
  | ({ readonly type: 'finished'; readonly text: string; readonly finish: string } & Usage)
  /** With `stillRunning` it has to be aborted: it will not end by itself. */
  | ({ readonly type: 'failed'; readonly stillRunning: boolean } & TurnFailure)
  | { readonly type: 'aborted' }
  /** Stored and not finished, and nobody works on it: resume it. */
  | { readonly type: 'interrupted'; readonly reason: InterruptedReason };

export type InterruptedReason = 'never_started' | 'tool_interrupted' | 'answer_lost' | 'between_steps';

/** What a turn has come to. The messages decide; the rest says only whether more is to be expected. */
export function verdictOf(facts: TurnFacts): Verdict {
  const view = viewOf(facts);
  const runaway = runawayOf(view);
  if (runaway !== null) return { type: 'failed', stillRunning: view.active, ...runaway };
  if (view.active) return whileActive(view);
  const last = view.replies.at(-1);
  if (last === undefined || isFromBefore(view, last)) return withoutReply(view);
  if (last.error !== null) return afterError(view, last.error);
  return last.completedAtMs === null ? withOpenReply(view, last) : withReply(view, last);
}

interface View extends TurnFacts {
  readonly stored: boolean;
  readonly replies: readonly TurnMessage[];
  readonly active: boolean;
  readonly limits: TurnLimits;
}

function viewOf(facts: TurnFacts): View {
  const turn = turnOf(facts.messages, facts.messageId);
  const active = facts.activity !== undefined && facts.activity.type !== 'idle';
  const limits = { ...DEFAULT_LIMITS, ...facts.limits };
  return { ...facts, stored: turn !== null, replies: turn?.replies ?? [], active, limits };
}

/** The turn was resumed after it had failed or been aborted, and nothing was answered yet. */
function isFromBefore({ sentAfter }: View, { id, error }: TurnMessage): boolean {
  return error !== null && id === sentAfter;
}

/** Turns that would go on for ever. */
function runawayOf({ replies, limits }: View): TurnFailure | null {
  // OpenCode asks again so fast that nearly every reading shows an answer that was just begun: it says nothing yet.
  const ended = replies.at(-1)?.completedAtMs === null ? replies.slice(0, -1) : replies;
  const most = limits.maxUnknownFinishes;
  if (endsWith(ended, most, ({ finish }) => finish === 'unknown'))
    return failure('empty_answers', `The model gave ${most} empty answers in a row.`);
  // Each time OpenCode sums the conversation up and asks again.
  const answers = ended.filter(({ summary }) => !summary);
  if (endsWith(answers, most, isOverflow))
    return failure('context_overflow', `The conversation was summed up ${most} times and is too long all the same.`);
  if (replies.length <= limits.maxSteps) return null;
  return failure('too_many_steps', `The turn took more than ${limits.maxSteps} steps.`);
}

/**
 * What did not fit is ended without a finish; in the event it has an error, in the store it has none. What a killed server has
 * left is not ended.
 */
function isOverflow({ finish, error, completedAtMs }: TurnMessage): boolean {
  return finish === null && completedAtMs !== null && (error === null || error.name === 'ContextOverflowError');
}

function endsWith(replies: readonly TurnMessage[], count: number, is: (reply: TurnMessage) => boolean): boolean {
  return replies.length >= count && replies.slice(-count).every(is);
}

function whileActive({ activity, nowMs, limits, liveness = ALIVE }: View): Verdict {
  if (liveness.state === 'dead') return { type: 'failed', stillRunning: true, ...because(liveness.why) };
  const doubt = liveness.state === 'unknown' ? liveness.why : null;
  const { againInMs } = liveness;
  if (activity?.type !== 'retry') return { type: 'running', retry: null, doubt, againInMs };
  const waitMs = activity.nextAtMs - nowMs;
  if (waitMs <= limits.maxRetryWaitMs && !isForGood(activity.message))
    return { type: 'running', retry: activity, doubt, againInMs };
  return { type: 'failed', stillRunning: true, ...failureOfWaiting(activity, waitMs, limits.maxRetryWaitMs) };
}

const ALIVE: Liveness = { state: 'alive', againInMs: Number.POSITIVE_INFINITY };

/** Nothing was answered. An unknown model or agent shows only as an event. */
function withoutReply(view: View): Verdict {
  if (view.lastError) return failed(failureOfError(view.lastError));
  if (view.stored && view.abortRequested) return { type: 'aborted' };
  const patience = within(view, view.stored ? view.limits.startMs : view.limits.arriveMs);
  if (patience) return patience;
  return view.stored ? { type: 'interrupted', reason: 'never_started' } : { type: 'not_sent' };
}

function afterError(view: View, error: AgentError): Verdict {
  if (error.name === 'MessageAbortedError') return { type: 'aborted' };
  // After an overflow OpenCode compacts the conversation and goes on.
  const patience = error.name === 'ContextOverflowError' ? within(view, view.limits.settleMs) : null;
  return patience ?? failed(failureOfError(error));
}

/** An answer that was begun and not ended: an error or the abort may still be written down. */
function withOpenReply(view: View, last: TurnMessage): Verdict {
  if (view.lastError) return afterError(view, view.lastError);
  const patience = within(view, view.limits.settleMs);
  if (patience) return patience;
  if (view.abortRequested) return { type: 'aborted' };
  const dangling = toolsOf(last).some(({ status }) => status === 'running' || status === 'pending');
  return { type: 'interrupted', reason: dangling ? 'tool_interrupted' : 'answer_lost' };
}

function withReply(view: View, last: TurnMessage): Verdict {
  if (last.finish === 'length') return failed(failure('output_truncated'));
  if (last.finish === 'content-filter') return failed(failure('content_filtered'));
  if (!last.summary && !UNFINISHED.has(last.finish)) return finished(view, last);
  // A rejection without a word ends the turn, and it looks like any other end.
  const rejected = last.finish === 'tool-calls' ? rejectionIn(toolsOf(last)) : null;
  if (rejected !== null) return failed(rejected);
  const patience = within(view, view.limits.settleMs);
  if (patience) return patience;
  return view.abortRequested ? { type: 'aborted' } : { type: 'interrupted', reason: 'between_steps' };
}

/** After these OpenCode goes on with another model call. */
const UNFINISHED: ReadonlySet<string | null> = new Set([null, 'tool-calls', 'unknown']);

function failed(why: TurnFailure): Verdict {
  return { type: 'failed', stillRunning: false, ...why };
}

function finished(view: View, last: TurnMessage): Verdict {
  const text = last.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  return { type: 'finished', text, finish: last.finish ?? '', ...usageOf(stepsOf(view.replies)) };
}

function rejectionIn(tools: readonly ToolCall[]): TurnFailure | null {
  const permissions = tools.filter(({ error }) => error?.startsWith('The user rejected permission'));
  // With feedback the turn goes on, so that it is not this what ended it. Of several that are asked at once OpenCode refuses
  // all with the first, and the others without a word: such a turn is to go on as well.
  const permission = permissions.some(({ error }) => error?.includes('feedback')) ? undefined : permissions[0];
  if (permission) {
    return failure('permission_rejected', `The permission to use ${permission.tool} was rejected.`);
  }
  const question = tools.some(({ error }) => error !== null && error.includes('dismissed this question'));
  return question ? failure('question_unanswered', 'The agent asked a question that nobody answered.') : null;
}

function toolsOf(message: TurnMessage): readonly ToolCall[] {
  return message.parts.flatMap((part) => (part.type === 'tool' ? [part] : []));
}

function failure(code: FailureCode, message?: string): TurnFailure {
  return because(failureOf(code, message));
}

function because(why: Failure): TurnFailure {
  return { failure: why, retryAfterMs: null };
}

/** It counts as running for so long after its last sign of life; null when that time is over. */
function within({ lastSignOfLifeAtMs, nowMs }: View, ms: number): Verdict | null {
  const leftMs = lastSignOfLifeAtMs === null ? 0 : lastSignOfLifeAtMs + ms - nowMs;
  return leftMs > 0 ? { type: 'running', retry: null, doubt: null, againInMs: leftMs } : null;
}

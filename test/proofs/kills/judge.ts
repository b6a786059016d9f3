import type { TracedSession } from './busy-lanes.ts';
import type { StoredMessage, StoredPart } from './conversation.ts';
import { LAST_WORDS, TRACED_STEPS, traceOf, tracedPrompt } from './traced-turns.ts';

/** What is wrong with a session after all, and what is only to be told of it. */
export interface Judgement {
  readonly status: string;
  readonly untrue: readonly string[];
  readonly doubledPrompts: readonly string[];
  readonly repeatedTools: readonly string[];
  /** Tools that a kill broke off, and that were begun anew. */
  readonly begunAnew: number;
  /** Tools that came to their end and were killed before OpenCode had stored it, and were begun anew. */
  readonly endedUnstored: number;
}

/** Compares what we say of a session with what OpenCode has stored and what its tools have left behind. */
export function judge(
  { number, id, last }: TracedSession,
  messages: readonly StoredMessage[],
  trace: readonly string[],
): Judgement {
  const steps = TRACED_STEPS.map((step) => judgeStep(number, step, messages, trace));
  const named = (text: string): string => `session ${number} (${id}): ${text}`;
  return {
    status: last.status === 'failed' ? `failed (${last.failure?.code})` : last.status,
    untrue: untruths(last, messages, steps).map(named),
    doubledPrompts: promptFaults(number, messages).map(named),
    repeatedTools: steps.flatMap(({ repeated }) => repeated).map(named),
    begunAnew: sum(steps, ({ begun }) => Math.max(0, begun - 1)),
    endedUnstored: sum(steps, ({ ended }) => Math.max(0, ended - 1)),
  };
}

interface StepTraces {
  readonly step: number;
  readonly begun: number;
  readonly ended: number;
  /** As OpenCode has stored it. */
  readonly completed: number;
  readonly repeated: readonly string[];
}

function judgeStep(
  number: number,
  step: number,
  messages: readonly StoredMessage[],
  trace: readonly string[],
): StepTraces {
  const lines = traceOf(number, step);
  const calls = messages.flatMap(({ parts }) => parts).filter((part) => isCallOf(part, lines.begun));
  const completed = calls.filter(hasCompleted).length;
  const [begun, ended] = [lines.begun, lines.ended].map((line) => trace.filter((one) => one === line).length);
  const firstEnd = calls.findIndex(hasCompleted);
  const after = firstEnd < 0 ? 0 : calls.length - firstEnd - 1;
  const repeated = [
    ...(after > 0 ? [`step ${step} was called ${after} times after it had finished`] : []),
    ...((begun ?? 0) > calls.length ? [`step ${step} was begun ${begun} times by ${calls.length} calls`] : []),
  ];
  return { step, begun: begun ?? 0, ended: ended ?? 0, completed, repeated };
}

function isCallOf({ type, state }: StoredPart, begun: string): boolean {
  return type === 'tool' && state?.input?.command?.includes(begun) === true;
}

function hasCompleted({ state }: StoredPart): boolean {
  return state?.status === 'completed' && !/User aborted the command/.test(state.output ?? '');
}

function promptFaults(number: number, messages: readonly StoredMessage[]): string[] {
  const prompts = messages.filter(({ info }) => info.role === 'user');
  const texts = prompts.flatMap(({ parts }) => parts.filter(({ type }) => type === 'text'));
  const said = texts.filter(({ text }) => text?.includes(tracedPrompt(number))).length;
  return [
    ...(prompts.length > 1 ? [`${prompts.length} prompts are stored`] : []),
    ...(said > 1 ? [`the prompt was said ${said} times`] : []),
  ];
}

/** What the kill of a server or a gateway can make of a turn. Any other reason would blame somebody who has done nothing. */
const REASONS = ['turn_interrupted', 'prompt_rejected', 'server_unreachable', 'conversation_lost'];

function blames(failure: TracedSession['last']['failure']): string[] {
  return failure && REASONS.includes(failure.code) ? [] : [`it has failed as ${failure?.code}, which no kill does`];
}

/** A session that has completed has done all of its work, once; one that has failed has not, and for a reason that is true. */
function untruths(
  { status, metrics, failure }: TracedSession['last'],
  messages: readonly StoredMessage[],
  steps: readonly StepTraces[],
): string[] {
  const final = messages.at(-1);
  const isDone = final?.info.finish === 'stop' && final.info.time.completed !== undefined;
  const missing = steps.filter(({ completed, ended }) => completed === 0 || ended === 0).map(({ step }) => step);
  if (status === 'failed') return [...(isDone ? ['it has failed and its turn has finished'] : []), ...blames(failure)];
  if (status !== 'completed') return [`it is ${status} and nothing ends it`];
  const result = JSON.stringify(metrics.result);
  return [
    ...(isDone ? [] : ['it has completed and its turn has not finished']),
    ...(missing.length > 0 ? [`it has completed without ${missing.join(', ')}`] : []),
    ...(result.includes(LAST_WORDS) ? [] : [`its result is ${result}`]),
  ];
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

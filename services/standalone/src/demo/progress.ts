import type { SessionOutput, Status, StoredSessionEvent, TokenUsage } from '@oio/contracts';
import type { SessionMessage } from '@oio/sdk';
import { printableLine } from './printable.ts';

/** What is known of a session while it is watched. Instants in milliseconds since 1970. */
export interface Progress {
  readonly title: string;
  readonly status: Status;
  readonly attempt: number;
  readonly steps: number;
  readonly tokens: number;
  readonly costUsd: number;
  readonly createdAt: number | null;
  readonly endedAt: number | null;
  readonly retryAt: number | null;
  /** What the agent does just now; one line of printable text. */
  readonly doing: string;
  /** What the agent has said since its last tool call, as far as it is shown. */
  readonly speech: string;
}

export function initialProgress(title: string): Progress {
  return {
    title: printableLine(title),
    status: 'pending',
    attempt: 0,
    steps: 0,
    tokens: 0,
    costUsd: 0,
    createdAt: null,
    endedAt: null,
    retryAt: null,
    doing: '',
    speech: '',
  };
}

export function advance(progress: Progress, message: SessionMessage): Progress {
  return message.kind === 'history' ? withEvent(progress, message.event) : withOutput(progress, message.output);
}

/** Whether nothing more happens by itself. */
export function hasEnded({ endedAt }: Progress): boolean {
  return endedAt !== null;
}

const UNDER_WAY: ReadonlySet<Status> = new Set(['pending', 'queued', 'running', 'paused', 'degraded']);

function withEvent(progress: Progress, event: StoredSessionEvent): Progress {
  const at = Date.parse(event.at);
  if (event.type === 'session.created') return { ...progress, createdAt: at };
  if (event.type === 'session.workspace-prepared') return doing(progress, 'asks the model');
  if (event.type === 'session.step-finished') {
    const { tokens, costUsd } = event.data.step;
    const sums = {
      steps: progress.steps + 1,
      tokens: progress.tokens + sumOf(tokens),
      costUsd: progress.costUsd + costUsd,
    };
    return { ...progress, ...sums };
  }
  if (!('to' in event.data)) return progress;
  const { to: status, attempt } = event.data;
  const retryAt = event.type === 'session.failed' && event.data.retryAt ? Date.parse(event.data.retryAt) : null;
  const endedAt = UNDER_WAY.has(status) || retryAt !== null ? null : at;
  return doing({ ...progress, status, attempt, retryAt, endedAt }, told(event));
}

/** A change of state in words. */
function told(event: StoredSessionEvent): string {
  if (event.type === 'session.queued') return 'waits for a slot';
  if (event.type === 'session.running') return event.data.from === 'queued' ? 'gets its workspace' : 'goes on';
  if (event.type === 'session.completed') return textOf(event.data.result);
  return 'failure' in event.data && event.data.failure
    ? `${event.data.failure.code}: ${event.data.failure.message}`
    : '';
}

/** The last answer of the agent, from the result of a session; empty when there is none. */
export function textOf(result: unknown): string {
  const text: unknown = typeof result === 'object' && result !== null ? Reflect.get(result, 'text') : null;
  return typeof text === 'string' ? text : '';
}

const SPEECH_KEPT = 400;

function withOutput(progress: Progress, { kind, text, tool }: SessionOutput): Progress {
  // News of an attempt that has ended in the meantime.
  if (progress.status !== 'running' && progress.status !== 'degraded') return progress;
  if (kind === 'tool') return doing(progress, tool && tool !== text ? `${tool}: ${text}` : text);
  if (kind === 'reasoning') return doing(progress, 'thinks');
  if (kind === 'status') return doing(progress, `the provider says: ${text}`);
  if (kind === 'todos') return progress;
  const speech = (progress.speech + text).slice(-SPEECH_KEPT);
  return { ...progress, speech, doing: printableLine(speech.trimEnd().split('\n').at(-1) ?? '') };
}

function doing(progress: Progress, what: string): Progress {
  return { ...progress, speech: '', doing: printableLine(what.slice(0, SPEECH_KEPT)) };
}

function sumOf({ input, output, reasoning, cacheRead, cacheWrite }: TokenUsage): number {
  return input + output + reasoning + cacheRead + cacheWrite;
}

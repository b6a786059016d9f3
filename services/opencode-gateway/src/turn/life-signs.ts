import type { Activity, SessionEvent } from '../agent-server/events.ts';
import type { ToolCall, TurnMessage } from '../agent-server/messages.ts';
import type { LifeFacts, Phase } from './liveness.ts';

/** Gathers the signs of life of one turn from its events and from readings. All instants are on one clock that only goes forward. */
export class LifeSigns {
  #beganAtMs: number;
  #phase: Exclude<Phase, 'waiting'> = 'first_token';
  #lastSignAtMs: number;
  /** Since when OpenCode waits before it asks the provider again; that time is not the model's. */
  #waitingSinceMs: number | null = null;
  /** Whether a person has to answer first; that time is nobody's. */
  #awaitsPerson = false;
  #tools = new Map<string, string>();

  constructor(nowMs: number) {
    this.#beganAtMs = nowMs;
    this.#lastSignAtMs = nowMs;
  }

  /** The prompt is handed over, or resumed: the model is asked anew. */
  noteAsked(nowMs: number): void {
    this.#waitingSinceMs = null;
    this.#enter('first_token', nowMs);
  }

  noteEvent(event: SessionEvent, nowMs: number): void {
    if (event.type === 'activity') this.#noteActivity(event.activity, nowMs);
    else if (event.type === 'delta') this.#noteToken(nowMs);
    else if (event.type === 'tool') this.#noteTool(event.call, nowMs);
    else if (event.type === 'step_finished') this.noteAsked(nowMs);
    else this.#lastSignAtMs = nowMs;
  }

  noteWaiting(waits: boolean, nowMs: number): void {
    if (waits === this.#awaitsPerson) return;
    this.#awaitsPerson = waits;
    this.#lastSignAtMs = nowMs;
  }

  /** Something that was done for the turn elsewhere: a sub-session works. */
  noteElsewhere(nowMs: number): void {
    if (this.#phase === 'tool') this.#lastSignAtMs = nowMs;
  }

  /** Events may have been missed: what is stored says which tools run. */
  noteReading(last: TurnMessage | undefined, activity: Activity | undefined, change: ReadingChange): void {
    const { changed, nowMs } = change;
    const running = last?.completedAtMs === null ? last.parts.flatMap((part) => (isRunning(part) ? [part] : [])) : [];
    this.#tools = new Map(running.map(({ callId, tool }) => [callId, tool]));
    if (running.length > 0 && this.#phase !== 'tool') this.#enter('tool', nowMs);
    else if (running.length === 0 && this.#phase === 'tool') this.#enter('first_token', nowMs);
    else if (changed) this.#lastSignAtMs = nowMs;
    if (activity) this.#noteActivity(activity, nowMs);
  }

  facts(): Omit<LifeFacts, 'hearing'> {
    return {
      beganAtMs: this.#beganAtMs,
      phase: this.#waitingSinceMs === null && !this.#awaitsPerson ? this.#phase : 'waiting',
      lastSignAtMs: this.#lastSignAtMs,
      tools: [...new Set(this.#tools.values())],
    };
  }

  #noteActivity({ type }: Activity, nowMs: number): void {
    if (type === 'retry') {
      // What was begun of the answer is thrown away.
      if (this.#phase !== 'first_token') this.#enter('first_token', nowMs);
      this.#waitingSinceMs ??= nowMs;
    } else if (this.#waitingSinceMs !== null) {
      this.#lastSignAtMs += nowMs - this.#waitingSinceMs;
      this.#waitingSinceMs = null;
    }
  }

  #noteToken(nowMs: number): void {
    this.#waitingSinceMs = null;
    this.#enter('tokens', nowMs);
  }

  #noteTool({ callId, tool, status }: ToolCall, nowMs: number): void {
    const runs = status === 'running' || status === 'pending';
    if (runs) this.#tools.set(callId, tool);
    else this.#tools.delete(callId);
    this.#waitingSinceMs = null;
    this.#enter(this.#tools.size > 0 ? 'tool' : 'first_token', nowMs);
  }

  #enter(phase: Exclude<Phase, 'waiting'>, nowMs: number): void {
    if (phase === 'first_token') this.#tools.clear();
    this.#phase = phase;
    this.#lastSignAtMs = nowMs;
  }
}

export interface ReadingChange {
  /** Whether something is stored that was not when it was read before. */
  readonly changed: boolean;
  readonly nowMs: number;
}

function isRunning(part: TurnMessage['parts'][number]): part is { readonly type: 'tool' } & ToolCall {
  return part.type === 'tool' && (part.status === 'running' || part.status === 'pending');
}

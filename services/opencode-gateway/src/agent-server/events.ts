import type { AgentError, StepUsage, ToolCall } from './messages.ts';
import type { PermissionRequest, QuestionRequest } from './requests.ts';

/** An unbroken event stream. Instants are those of `performance.now()`. */
export interface Hearing {
  readonly sinceMs: number;
  /** When anything came last, heartbeats included. */
  readonly lastAtMs: number;
}

export type Activity =
  | { readonly type: 'idle' }
  | { readonly type: 'busy' }
  | { readonly type: 'retry'; readonly attempt: number; readonly message: string; readonly nextAtMs: number };

export interface Todo {
  readonly content: string;
  readonly status: string;
  readonly priority: string;
}

export interface EventOptions {
  readonly signal?: AbortSignal;
  /** Only events of these interest this reader; `resync` always comes. Called for each event: keep it cheap. */
  readonly filter?: (event: AgentEvent) => boolean;
}

export type AgentEvent =
  | { readonly type: 'resync'; readonly reason: 'connected' | 'slow_reader' }
  /** The stream broke; it is being opened again. */
  | { readonly type: 'disconnected'; readonly error: Error }
  | SessionEvent;

export interface Delta {
  readonly messageId: string;
  readonly partId: string;
  readonly text: string;
}

export type SessionEvent = { readonly sessionId: string } & (
  | { readonly type: 'activity'; readonly activity: Activity }
  | { readonly type: 'error'; readonly error: AgentError }
  | ({ readonly type: 'delta'; readonly kind: 'text' | 'reasoning' } & Delta)
  | { readonly type: 'tool'; readonly messageId: string; readonly call: ToolCall }
  | { readonly type: 'step_finished'; readonly messageId: string; readonly step: StepUsage }
  | { readonly type: 'message'; readonly messageId: string; readonly completed: boolean }
  | { readonly type: 'todos'; readonly todos: readonly Todo[] }
  | { readonly type: 'permission_asked'; readonly request: PermissionRequest }
  | { readonly type: 'question_asked'; readonly request: QuestionRequest }
  | { readonly type: 'session_created'; readonly parentId: string | null; readonly directory: string }
);

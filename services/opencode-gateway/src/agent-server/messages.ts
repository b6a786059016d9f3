export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export interface AgentError {
  /** OpenCode's own name for it: `APIError`, `MessageAbortedError` … */
  readonly name: string;
  readonly message: string;
  readonly statusCode: number | null;
  /** A short extract of what the provider said. */
  readonly detail: string;
  readonly retryAfterMs: number | null;
}

export interface TurnMessage {
  readonly id: string;
  readonly sessionId: string;
  readonly role: 'user' | 'assistant';
  /** For an assistant message: the user message that it answers. */
  readonly parentId: string | null;
  readonly createdAtMs: number;
  readonly completedAtMs: number | null;
  readonly finish: string | null;
  readonly error: AgentError | null;
  /** A user message that OpenCode wrote itself, when it compacted the conversation in the middle of a turn. */
  readonly synthetic: boolean;
  /** provider/model that answered; null for a user message. */
  readonly model: string | null;
  /** An assistant message that only sums up what was compacted. */
  readonly summary: boolean;
  readonly parts: readonly MessagePart[];
}

export type MessagePart =
  | { readonly type: 'text'; readonly id: string; readonly text: string }
  | ({ readonly type: 'tool' } & ToolCall)
  | ({ readonly type: 'step_finished' } & StepUsage);

export interface ToolCall {
  readonly id: string;
  readonly callId: string;
  readonly tool: string;
  readonly status: 'pending' | 'running' | 'completed' | 'error';
  readonly title: string | null;
  readonly error: string | null;
  readonly exitCode: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
}

export interface StepUsage {
  /** Unique; the same in messages and events. */
  readonly id: string;
  readonly reason: string;
  readonly tokens: Tokens;
  readonly costUsd: number;
}

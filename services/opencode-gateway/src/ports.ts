import type { ConversationCalls } from './conversation-calls.ts';

/**
 * One OpenCode server, in the words of this service.
 *
 * The truth about a turn is what `messages` answers; events only say when it is worth to look. Every call fails with an
 * `AppError` whose code is one of `connection`, `timeout`, `rate_limited`, `not_found`, `refused_credentials`,
 * `bad_request`, `session_busy`, `server_error`, `circuit_open`. Only reads are repeated by themselves.
 */
export interface AgentServer extends AsyncDisposable {
  health(signal?: AbortSignal): Promise<ServerHealth>;
  /** Whether it refuses whoever comes without a password. One that does not is open to all on its network. */
  refusesStrangers(): Promise<boolean>;
  /** How many directories it was heard of working in since this connection was made: each costs it memory for good. */
  directoriesSeen(): number;
  /** The agents known in a directory. Changes rarely; caching is the caller's business. */
  agents(directory: string): Promise<readonly AgentInfo[]>;
  /** The models that have credentials, and the one that the configuration names. Changes rarely, like `agents`. */
  models(directory: string): Promise<ModelCatalogue>;

  /** Not idempotent: a lost answer leaves a session behind, which `listSessions` finds by its metadata. */
  createSession(session: NewSession): Promise<AgentSession>;
  getSession(session: SessionRef): Promise<AgentSession | null>;
  /**
   * A further session with copies of the messages before `before`, under new ids; of all messages for null and for an id
   * that is not there. It lies in the same directory, has the same metadata, and is no child. Not idempotent, like
   * `createSession`.
   */
  forkSession(session: SessionRef, before: string | null): Promise<AgentSession>;
  updateSession(session: SessionRef, change: Pick<NewSession, 'title' | 'metadata'>): Promise<void>;
  /** Has a session that does nothing work in another directory from now on. Read it to see whether it does. */
  moveSession(session: SessionRef, directory: string): Promise<void>;
  /** Gone when it resolves, also when it was not there. What runs in it goes on to its end: abort it first. */
  deleteSession(session: SessionRef): Promise<void>;
  /** The sessions of exactly this directory. */
  listSessions(directory: string): Promise<readonly AgentSession[]>;
  /** Sub-sessions that the agent opened with its task tool. */
  children(session: SessionRef): Promise<readonly AgentSession[]>;
  todos(session: SessionRef): Promise<readonly Todo[]>;

  /**
   * Hands over a prompt. Success says only that it was received: neither that it is stored nor that agent and model
   * exist. Never repeat it after an ambiguous failure: a second one under the same id appends its text. Read
   * `message` first, and use `resume` when it is stored.
   */
  prompt(prompt: Prompt): Promise<void>;
  /**
   * Makes sure that a stored prompt runs: nothing happens if it was answered or is being answered; an interrupted
   * turn goes on after its last finished step.
   */
  resume(prompt: Omit<Prompt, 'text'>): Promise<void>;
  /** Stops a session's turn, also when nothing runs, and also for an unknown id. Says nothing about `children`. */
  abort(session: SessionRef): Promise<void>;

  message(session: SessionRef, messageId: string): Promise<TurnMessage | null>;
  /** All messages of a session, oldest first. */
  messages(session: SessionRef): Promise<readonly TurnMessage[]>;
  /** What the sessions of a directory do; one that is missing is idle. Kept in the server's memory only. */
  activities(directory: string): Promise<ReadonlyMap<string, Activity>>;

  pendingPermissions(directory: string): Promise<readonly PermissionRequest[]>;
  pendingQuestions(directory: string): Promise<readonly QuestionRequest[]>;
  /** Answers a request that a turn waits for. False when it was no longer waiting. */
  replyPermission(answer: PermissionAnswer): Promise<boolean>;
  /** Answers a question, one list of texts for each part of it; any text will do. False when it was no longer waiting. */
  replyQuestion(answer: QuestionAnswer): Promise<boolean>;
  /** Dismisses a question, which ends the turn. False when it was no longer waiting. */
  rejectQuestion(question: { readonly requestId: string; readonly directory: string }): Promise<boolean>;

  /** For whoever stays on the line until something is done. */
  readonly conversation: ConversationCalls;

  /**
   * What happens on the server from now on. Begins with `resync`, and says `resync` again whenever something may have
   * been missed: after a reconnect, or when this reader was too slow. Ends when `signal` aborts or the port is disposed.
   */
  events(options?: EventOptions): AsyncIterable<AgentEvent>;
  /** How the event stream behind `events` does; null while there is none, or before its first frame. */
  hearing(): Hearing | null;
}

/** An unbroken event stream. Instants are those of `performance.now()`. */
export interface Hearing {
  readonly sinceMs: number;
  /** When anything came last, heartbeats included. */
  readonly lastAtMs: number;
}

export interface ServerHealth {
  readonly healthy: boolean;
  readonly version: string;
}

export interface AgentInfo {
  readonly name: string;
  readonly description: string | null;
  readonly mode: 'primary' | 'subagent' | 'all';
}

export interface ModelRef {
  readonly providerId: string;
  readonly modelId: string;
}

export interface ModelInfo extends ModelRef {
  readonly name: string;
  readonly contextTokens: number | null;
}

export interface ModelCatalogue {
  readonly models: readonly ModelInfo[];
  readonly default: ModelRef | null;
}

export interface PermissionRule {
  readonly permission: string;
  readonly pattern: string;
  readonly action: 'allow' | 'ask' | 'deny';
}

export interface NewSession {
  /** Absolute and existing: OpenCode itself accepts anything. */
  readonly directory: string;
  /** With a title OpenCode makes no model call of its own to invent one. */
  readonly title: string;
  /** Stored and returned by OpenCode: the place for our own ids. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly parentId?: string;
  /** The last rule that matches decides. */
  readonly permissions?: readonly PermissionRule[];
}

export interface AgentSession {
  readonly id: string;
  readonly title: string;
  readonly directory: string;
  readonly parentId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAtMs: number;
}

export interface Todo {
  readonly content: string;
  readonly status: string;
  readonly priority: string;
}

/** A session and its directory. OpenCode keeps one instance per directory and wants to be told which one is meant. */
export interface SessionRef {
  readonly sessionId: string;
  readonly directory: string;
}

export interface Prompt extends SessionRef {
  /**
   * Ours, from `newMessageId`; unique over all sessions of a server. OpenCode compares ids to see which message is newer,
   * so the clock behind it must not run ahead of the server's: such a prompt would be answered again and again.
   */
  readonly messageId: string;
  readonly agent: string;
  /** Always said: a session remembers the last one, also a bad one. */
  readonly model: ModelRef;
  /** Instructions beside the agent's own. */
  readonly system?: string;
  /** Tools switched on or off for this prompt. */
  readonly tools?: Readonly<Record<string, boolean>>;
  readonly text: string;
}

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
  | ({ readonly type: 'step_finished' } & StepUsage)
  | { readonly type: 'patch'; readonly id: string; readonly files: readonly string[] };

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
  /** File snapshot (a git tree) after the step; null where there is no git. */
  readonly snapshot: string | null;
}

export type Activity =
  | { readonly type: 'idle' }
  | { readonly type: 'busy' }
  | { readonly type: 'retry'; readonly attempt: number; readonly message: string; readonly nextAtMs: number };

export interface PermissionRequest {
  readonly requestId: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly permission: string;
  readonly patterns: readonly string[];
  /** What it is asked for, as far as it says so: the command of a shell, the file and what would be changed in it. */
  readonly command: string | null;
  readonly file: string | null;
  readonly diff: string | null;
}

export interface QuestionRequest {
  readonly requestId: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly questions: readonly AskedQuestion[];
}

export interface AskedQuestion {
  readonly header: string;
  readonly question: string;
  readonly options: readonly { readonly label: string; readonly description: string }[];
  /** Whether more than one option may be chosen. */
  readonly multiple: boolean;
}

export interface PermissionAnswer {
  readonly requestId: string;
  /** The session's own: OpenCode finds a request only there. */
  readonly directory: string;
  /** There is no `always`: it would hold for other sessions of the directory too. */
  readonly reply: 'once' | 'reject';
  /** With a message a rejected turn goes on and the model is told; without one the turn ends. */
  readonly message?: string;
}

export interface QuestionAnswer {
  readonly requestId: string;
  readonly directory: string;
  readonly answers: readonly (readonly string[])[];
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

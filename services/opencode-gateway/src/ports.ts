import type { ConversationCalls } from './agent-server/conversation-calls.ts';
import type { Activity, AgentEvent, EventOptions, Hearing, Todo } from './agent-server/events.ts';
import type { TurnMessage } from './agent-server/messages.ts';
import type { PermissionAnswer, PermissionRequest, QuestionAnswer, QuestionRequest } from './agent-server/requests.ts';
import type { AgentSession, ModelRef, NewSession, Prompt, SessionRef } from './agent-server/sessions.ts';

/**
 * One OpenCode server, in the words of this service.
 *
 * The truth about a turn is what `messages` answers; events only say when it is worth to look. Every call fails with an
 * `AppError` whose code is one of `connection`, `timeout`, `rate_limited`, `not_found`, `refused_credentials`,
 * `bad_request`, `session_busy`, `server_error`, `circuit_open`. Only reads are repeated by themselves.
 */
export interface AgentServer extends AsyncDisposable {
  /** Goes past the circuit: it is how one learns that a server is back. */
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
  /** Null for one that is not there. */
  getSession(session: SessionRef): Promise<AgentSession | null>;
  /**
   * A further session with copies of the messages before `before`, under new ids; of all messages for null and for an id
   * that is not there. It lies in the same directory, has the same metadata, and is no child. Not idempotent, like
   * `createSession`.
   */
  forkSession(session: SessionRef, before: string | null): Promise<AgentSession>;
  /** Says the same when it is said twice. */
  updateSession(session: SessionRef, change: Pick<NewSession, 'title' | 'metadata'>): Promise<void>;
  /** Has a session that does nothing work in another directory from now on. Read it to see whether it does. */
  moveSession(session: SessionRef, directory: string): Promise<void>;
  /** Gone when it resolves, also when it was not there. What runs in it goes on to its end: abort it first. */
  deleteSession(session: SessionRef): Promise<void>;
  /** The sessions of exactly this directory. */
  listSessions(directory: string): Promise<readonly AgentSession[]>;
  /** Sub-sessions that the agent opened with its task tool. */
  children(session: SessionRef): Promise<readonly AgentSession[]>;
  /** The to-do list of the agent; empty when it has made none. */
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

  /** Null for one that is not stored. */
  message(session: SessionRef, messageId: string): Promise<TurnMessage | null>;
  /** All messages of a session, oldest first. */
  messages(session: SessionRef): Promise<readonly TurnMessage[]>;
  /** What the sessions of a directory do; one that is missing is idle. Kept in the server's memory only. */
  activities(directory: string): Promise<ReadonlyMap<string, Activity>>;

  /** What agents wait for now, in all sessions of a directory. Kept in the server's memory only, as the questions are. */
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

/** What a server says of itself; one that does not answer throws instead. */
export interface ServerHealth {
  readonly healthy: boolean;
  readonly version: string;
}

/** An agent that the server knows. */
export interface AgentInfo {
  readonly name: string;
  readonly description: string | null;
  readonly mode: 'primary' | 'subagent' | 'all';
}

/** A model that the server can use. `contextTokens` is null when it does not say. */
export interface ModelInfo extends ModelRef {
  readonly name: string;
  readonly contextTokens: number | null;
}

/** The models of a server that have credentials, and the one that its configuration names; null without one. */
export interface ModelCatalogue {
  readonly models: readonly ModelInfo[];
  readonly default: ModelRef | null;
}

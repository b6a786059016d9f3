import type { TurnMessage } from './messages.ts';
import type { AgentSession, ModelRef, Prompt, SessionRef } from './sessions.ts';

/**
 * What can be done in a conversation beside giving it a prompt and reading on: for whoever stays on the line. Fails as
 * `AgentServer` does; nothing here is repeated by itself, and an ambiguous failure is cleared up by reading `messages`.
 */
export interface ConversationCalls {
  /**
   * Like `AgentServer.prompt`, and resolves with the last answer when the turn has ended: also with one that holds an error.
   * Code `timeout` after `withinMs`; the turn goes on all the same.
   */
  promptAndWait(prompt: Prompt, withinMs: number): Promise<TurnMessage>;
  /** Runs a slash command of the server's configuration, without its slash, as a turn. Unknown ones: `server_error`. */
  command(command: SlashCommand, withinMs: number): Promise<TurnMessage>;
  /** Runs a command line in the session's directory, without the model. How it exited is not told. Code `session_busy`. */
  shell(command: ShellCommand, withinMs: number): Promise<TurnMessage>;
  /**
   * The files that the turn of a user message changed; none outside a git repository, of an unknown message, and on a server
   * that keeps no snapshots, as ours.
   */
  diff(session: SessionRef, messageId: string): Promise<readonly FileChange[]>;
  /**
   * Takes the files back to before a message, which the next prompt will drop with all after it. Does nothing, and says
   * so no more, for an unknown message, outside a git repository, and on a server that keeps no snapshots. Code `session_busy`.
   */
  revert(session: SessionRef, messageId: string): Promise<AgentSession>;
}

interface Instruction extends SessionRef {
  readonly agent: string;
  readonly model: ModelRef;
}

export interface SlashCommand extends Instruction {
  /** Ours, like that of a prompt. */
  readonly messageId: string;
  readonly name: string;
  readonly text: string;
}

export interface ShellCommand extends Instruction {
  readonly line: string;
}

export interface FileChange {
  readonly path: string;
  readonly status: 'added' | 'deleted' | 'modified';
  readonly additions: number;
  readonly deletions: number;
  readonly patch: string;
}

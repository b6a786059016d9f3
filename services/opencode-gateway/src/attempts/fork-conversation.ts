import type { AgentSession, SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';

export interface ForkOptions {
  readonly agent: AgentServer;
  readonly source: SessionRef;
  /** The last message that the fork is to hold; null: none. */
  readonly lastMessageId: string | null;
  /** Where the fork is to work. */
  readonly directory: string;
  readonly title: string;
  /** Asked after the fork was made, so that ids which grow with time come after those in it. */
  readonly metadata: () => Readonly<Record<string, unknown>>;
}

/** A conversation that holds what another one held up to a message. */
export interface ForkedConversation {
  readonly session: AgentSession;
  readonly lastMessageId: string | null;
}

/**
 * Forks a conversation and binds the fork to a directory; null when the conversation or the message is not there, or
 * OpenCode leaves the fork where it was. The source is only read, also while it is at work. OpenCode itself answers an
 * unknown message with a copy of everything, and a directory in the call with one in the old place.
 */
export async function forkConversation(options: ForkOptions): Promise<ForkedConversation | null> {
  const { agent, source, lastMessageId, directory, title } = options;
  const before = await messageAfter(agent, source, lastMessageId);
  if (before === undefined) return null;
  const { id } = await agent.forkSession(source, before);
  const fork = { sessionId: id, directory: source.directory };
  await agent.updateSession(fork, { title, metadata: options.metadata() });
  if (directory !== source.directory) await agent.moveSession(fork, directory);
  const session = await agent.getSession({ sessionId: id, directory });
  if (session?.directory === directory) {
    const copied = await agent.messages({ sessionId: id, directory });
    return { session, lastMessageId: copied.at(-1)?.id ?? null };
  }
  await agent.deleteSession(fork);
  return null;
}

/** The message that the fork ends before; null when it ends with the conversation, undefined when it cannot be made. */
async function messageAfter(
  agent: AgentServer,
  source: SessionRef,
  lastMessageId: string | null,
): Promise<string | null | undefined> {
  if (!(await agent.getSession(source))) return undefined;
  const messages = await agent.messages(source);
  if (lastMessageId === null) return messages[0]?.id;
  const at = messages.findIndex(({ id }) => id === lastMessageId);
  return at === -1 ? undefined : (messages[at + 1]?.id ?? null);
}

import type { AttemptOrder } from '@oio/contracts';
import { effectiveRules } from '@oio/domain';
import { newMessageId } from '@oio/runtime';
import type { AgentSession, SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import { forkConversation, type ForkedConversation } from './fork-conversation.ts';
import type { GateAnswer } from './gate.ts';

/** The key of our session's id in the metadata of OpenCode's. */
const OURS = 'oioSessionId';
/** Which prompt of the order's was given up with its conversation, and the id that it has in this one. */
const GIVEN_UP = 'oioGivenUp';
const INSTEAD = 'oioInstead';

/** The conversation of a run. */
export interface Opened {
  readonly ref: SessionRef;
  /** Whether it is the one that earlier attempts of the session had. */
  readonly sameConversation: boolean;
  /** The id under which the prompt of the attempt stands in it. */
  readonly messageId: string;
  /** Whether the owner knows it for this run: then a predecessor may have sent the prompt, or may be about to. */
  readonly isPrepared: boolean;
  /** The last of the messages that were copied from another session. */
  readonly lastMessageId?: string | null;
}

export interface Opening {
  readonly agent: AgentServer;
  readonly order: AttemptOrder;
  readonly directory: string;
  /** How far a predecessor had come. */
  readonly claim: GateAnswer;
}

/**
 * The OpenCode session of an attempt: the one that the owner knows when it still exists, or one that was made for it before
 * and whose answer was lost, else a new one.
 */
export async function openSession({ agent, order, directory, claim }: Opening): Promise<Opened> {
  const known = claim.openCodeSessionId ?? order.resume?.openCodeSessionId ?? null;
  const kept = claim.first && !known ? null : await findSession(agent, order, directory, known);
  if (kept) return { ...opened(kept, order, directory), isPrepared: claim.openCodeSessionId === kept.id };
  const fork = await forkOf(agent, order, directory);
  if (fork) return { ...opened(fork.session, order, directory), lastMessageId: fork.lastMessageId };
  const made = await agent.createSession(conversationOf(order, directory));
  return { ...opened(made, order, directory), sameConversation: false };
}

/** For a session that goes on from another one and has not done anything itself yet: that one's conversation, in a copy. */
async function forkOf(agent: AgentServer, order: AttemptOrder, directory: string): Promise<ForkedConversation | null> {
  const { forkedFrom, resume, sessionId, messageId, title, permissions } = order;
  // A copy has none of the rules of its session.
  if (permissions.length > 0) return null;
  if (!forkedFrom?.openCodeSessionId || !forkedFrom.directory || resume !== null) return null;
  const source = { sessionId: forkedFrom.openCodeSessionId, directory: forkedFrom.directory };
  const { lastMessageId } = forkedFrom;
  // The copies are younger than the id that the prompt was to have, and OpenCode goes by the age of ids.
  const metadata = () => ({ [OURS]: sessionId, [GIVEN_UP]: messageId, [INSTEAD]: newMessageId() });
  return forkConversation({ agent, source, lastMessageId, directory, title, metadata });
}

/**
 * A new conversation in place of one whose prompt a predecessor may still send: that one is deleted, so that a late prompt
 * finds no session, and the prompt gets another id, so that nothing of a late one can land in it.
 */
export async function replaceSession(
  { agent, order, directory }: Omit<Opening, 'claim'>,
  old: SessionRef,
): Promise<Opened> {
  await agent.abort(old);
  await agent.deleteSession(old);
  const { metadata, ...session } = conversationOf(order, directory);
  const instead = { [GIVEN_UP]: order.messageId, [INSTEAD]: newMessageId() };
  const made = await agent.createSession({ ...session, metadata: { ...metadata, ...instead } });
  return { ...opened(made, order, directory), sameConversation: false };
}

/** The id of the session that a conversation was opened for; null when it is somebody else's. */
function ourSessionIn({ metadata }: AgentSession): string | null {
  const id = metadata[OURS];
  return typeof id === 'string' ? id : null;
}

async function findSession(
  agent: AgentServer,
  order: AttemptOrder,
  directory: string,
  known: string | null,
): Promise<AgentSession | null> {
  const kept = known ? await agent.getSession({ sessionId: known, directory }) : null;
  if (kept && kept.directory === directory) return kept;
  const ours = (await agent.listSessions(directory)).filter(
    (session) => ourSessionIn(session) === order.sessionId && session.parentId === null,
  );
  return ours.reduce<AgentSession | null>(
    (newest, one) => (newest && newest.createdAtMs >= one.createdAtMs ? newest : one),
    null,
  );
}

/** What OpenCode is told of a conversation of ours. */
export function conversationOf(
  { sessionId, title, permissions }: Pick<AttemptOrder, 'sessionId' | 'title' | 'permissions'>,
  directory: string,
) {
  const rules = effectiveRules(permissions).map(({ tool, pattern, action }) => ({ permission: tool, pattern, action }));
  return { directory, title, metadata: { [OURS]: sessionId }, permissions: rules };
}

/** Under which id the prompt of that id stands in a conversation. */
export function promptIdIn({ metadata }: AgentSession, messageId: string): string {
  const { [GIVEN_UP]: givenUp, [INSTEAD]: instead } = metadata;
  return givenUp === messageId && typeof instead === 'string' ? instead : messageId;
}

function opened(session: AgentSession, order: AttemptOrder, directory: string): Opened {
  const messageId = promptIdIn(session, order.messageId);
  return { ref: { sessionId: session.id, directory }, sameConversation: true, messageId, isPrepared: false };
}

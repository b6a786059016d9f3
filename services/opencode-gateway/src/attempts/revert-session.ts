import type { PayloadOf, ReplyOf, revertSession as contract } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import type { Linked } from '../fleet.ts';
import type { AgentServer } from '../ports.ts';
import type { Workspaces } from '../workspaces/workspaces.ts';
import type { Attempts } from './attempts.ts';
import { forkConversation } from './fork-conversation.ts';
import type { Gate, RunFences } from './gate.ts';
import { conversationOf } from './open-session.ts';
import { gatedLink } from './gated-link.ts';
import { createRunGate, RunAuthority } from './run-gate.ts';

export interface RevertParts {
  readonly workspaces: Pick<Workspaces, 'restoreWorkspace'>;
  readonly attempts: Pick<Attempts, 'has'>;
  readonly linkedTo: (serverId: string) => Linked | null;
  readonly gate: Gate;
  readonly fences: Pick<RunFences, 'isWorking'>;
}

type Order = PayloadOf<typeof contract>;
type Reverted = ReplyOf<typeof contract>;

const WITHIN_MS = 60_000;

/**
 * Takes a session that does not run back to a checkpoint: its files, and its conversation, which goes on in a fork that ends
 * where the checkpoint was made. Repeating it ends the same; a fork that nobody learnt of stays behind and does nothing.
 */
export async function revertSession(parts: RevertParts, order: Order): Promise<Reverted> {
  const { sessionId, token, workspace, commit } = order;
  const linked = parts.linkedTo(order.serverId);
  if (!linked?.link.up || parts.attempts.has(sessionId)) {
    throw new UnavailableError('The session cannot be taken back at the moment.', { code: 'no_server' });
  }
  const signal = AbortSignal.timeout(WITHIN_MS);
  const gate = createRunGate({ ...parts, sessionId, token, authority: new RunAuthority(order) });
  // Whoever acted for the session before does nothing more from here on.
  await gate.claim(signal);
  await parts.workspaces.restoreWorkspace({ workspace, commit, permit: () => gate.pass(signal) });
  return revertConversation(gatedLink(linked.link, gate, signal).agent(), order);
}

/** Where the conversation cannot be cut there, a new one takes its place: that it is empty says that it has to be told. */
async function revertConversation(agent: AgentServer, order: Order): Promise<Reverted> {
  const { openCodeSessionId, lastMessageId, title, workspace, permissions } = order;
  // Nothing was ever said.
  if (openCodeSessionId === null) return { openCodeSessionId: null, lastMessageId: null };
  const directory = workspace.path;
  const conversation = conversationOf(order, directory);
  const { metadata } = conversation;
  const source = { sessionId: openCodeSessionId, directory };
  // A fork has none of the rules of its source.
  const cut = { agent, source, lastMessageId, directory, title, metadata: () => metadata };
  const fork = permissions.length > 0 ? null : await forkConversation(cut);
  if (fork) return { openCodeSessionId: fork.session.id, lastMessageId: fork.lastMessageId };
  const made = await agent.createSession(conversation);
  return { openCodeSessionId: made.id, lastMessageId: null };
}

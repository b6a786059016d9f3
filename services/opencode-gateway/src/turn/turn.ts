import type { TurnMessage } from '../agent-server/messages.ts';

/** One prompt of ours and everything that was answered to it. */
export interface Turn {
  readonly prompt: TurnMessage;
  /** One assistant message per model call, oldest first. */
  readonly replies: readonly TurnMessage[];
  /** The id of the first message of it. Whatever was done for it, by sub-agents too, has a greater one. */
  readonly firstId: string;
}

/**
 * The turn that the prompt `messageId` began; null when that prompt is not stored.
 *
 * Replies name the prompt as their parent, except after a compaction: OpenCode then goes on under user messages that it
 * wrote itself. Sorted by id, which grows with time: a resume bumps the prompt's `createdAt`, but not its id. That of the
 * prompt is made by our clock, all others by OpenCode's: when that one is behind, answers sort before their prompt.
 */
export function turnOf(messages: readonly TurnMessage[], messageId: string): Turn | null {
  const sorted = messages.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const prompt = sorted.find((message) => message.id === messageId);
  if (prompt === undefined) return null;
  const first = sorted.findIndex(({ id, parentId }) => id === messageId || parentId === messageId);
  const since = sorted.slice(first);
  const next = since.findIndex(({ id, role, synthetic }) => role === 'user' && !synthetic && id > messageId);
  const until = next === -1 ? since : since.slice(0, next);
  const ofOpencode = until.filter(({ role, synthetic }) => role === 'user' && synthetic);
  const parents = new Set([messageId, ...ofOpencode.map(({ id }) => id)]);
  const replies = since.filter(
    ({ role, parentId }) => role === 'assistant' && parentId !== null && parents.has(parentId),
  );
  return { prompt, replies, firstId: since[0]?.id ?? messageId };
}

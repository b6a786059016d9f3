import type { TurnMessage } from '../agent-server/messages.ts';

/** One prompt of ours and everything that was answered to it. */
export interface Turn {
  readonly prompt: TurnMessage;
  /** One assistant message per model call, oldest first. */
  readonly replies: readonly TurnMessage[];
}

/**
 * The turn that the prompt `messageId` began; null when that prompt is not stored.
 *
 * Replies name the prompt as their parent, except after a compaction: OpenCode then goes on under user messages that it
 * wrote itself. Sorted by id, which grows with time: a resume bumps the prompt's `createdAt`, but not its id.
 */
export function turnOf(messages: readonly TurnMessage[], messageId: string): Turn | null {
  const sorted = messages.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const start = sorted.findIndex((message) => message.id === messageId);
  const prompt = sorted[start];
  if (prompt === undefined) return null;
  const after = sorted.slice(start + 1);
  const next = after.findIndex((message) => message.role === 'user' && !message.synthetic);
  const until = next === -1 ? after : after.slice(0, next);
  const parents = new Set([messageId, ...until.filter(({ role }) => role === 'user').map(({ id }) => id)]);
  const replies = after.filter(
    ({ role, parentId }) => role === 'assistant' && parentId !== null && parents.has(parentId),
  );
  return { prompt, replies };
}

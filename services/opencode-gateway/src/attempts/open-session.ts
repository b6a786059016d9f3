import type { AttemptOrder } from '@oio/contracts';
import type { AgentServer } from '../ports.ts';

/** The key of our session's id in the metadata of OpenCode's. */
const OURS = 'oioSessionId';

/**
 * The OpenCode session of an attempt: the one of the latest checkpoint when it still exists, or one that was made for it
 * before and whose answer was lost, else a new one.
 */
export async function openSession(
  agent: AgentServer,
  order: AttemptOrder,
  directory: string,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const known = order.resume?.openCodeSessionId;
  const kept = known ? await agent.getSession({ sessionId: known, directory }) : null;
  if (kept && kept.directory === directory) return { id: kept.id, isNew: false };
  const made = (await agent.listSessions(directory)).find(
    ({ metadata, parentId }) => metadata[OURS] === order.sessionId && parentId === null,
  );
  if (made) return { id: made.id, isNew: false };
  const session = await agent.createSession({ directory, title: order.title, metadata: { [OURS]: order.sessionId } });
  return { id: session.id, isNew: true };
}

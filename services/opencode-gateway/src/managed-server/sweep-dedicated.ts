import { rm } from 'node:fs/promises';
import type { Logger } from '@oio/runtime';
import {
  abandonedSessions,
  type DedicatedPlace,
  dedicatedSessions,
  endAbandonedDedicated,
} from './abandoned-dedicated.ts';
import { dedicatedDirectory } from './dedicated-server.ts';
import { forgetConversations, keepConversation } from './kept-conversations.ts';

export interface SessionOver {
  readonly id: string;
  /** What is deleted is not forked any more. */
  readonly deleted: boolean;
}

/** What the store knows of sessions that have had a server of their own. */
export interface DedicatedSessions {
  /** Those that have no attempt which may still run. */
  atRest(sessionIds: readonly string[]): Promise<readonly string[]>;
  /** Those that never work again: they are deleted, or in a state that nothing leads out of. */
  over(sessionIds: readonly string[]): Promise<readonly SessionOver[]>;
}

export interface DedicatedSweep {
  readonly place: DedicatedPlace;
  readonly sessions: DedicatedSessions;
  readonly logger: Logger;
}

/**
 * Ends what dead gateways have left running for single sessions, and removes the data of those that are over, but for the
 * conversations, which may be forked.
 */
export async function sweepDedicated({ place, sessions, logger }: DedicatedSweep): Promise<void> {
  // One that cannot be ended holds up no other.
  const tried = (sessionId: string, task: Promise<unknown>): Promise<unknown> =>
    task.catch((error: unknown) => {
      logger.warn({ err: error, sessionId }, 'dedicated opencode server not cleared away');
    });
  for (const id of await sessions.atRest(await abandonedSessions(place)))
    await tried(id, endAbandonedDedicated(place, id));
  const over = await sessions.over(await dedicatedSessions(place));
  for (const session of over) await tried(session.id, clearAway(place, session, logger));
  // Only then is anything put aside, so that what is there grows no further without this.
  if (over.length > 0) await forgetConversations(place.root);
}

async function clearAway(place: DedicatedPlace, { id, deleted }: SessionOver, logger: Logger): Promise<void> {
  await endAbandonedDedicated(place, id);
  if (!deleted) await keepConversation(place.root, id);
  await rm(dedicatedDirectory(place.root, id), { recursive: true, force: true });
  logger.info({ sessionId: id }, 'dedicated opencode server cleared away');
}

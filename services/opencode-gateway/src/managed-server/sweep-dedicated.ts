import { rm } from 'node:fs/promises';
import type { Logger } from '@oio/runtime';
import {
  abandonedSessions,
  type DedicatedPlace,
  dedicatedSessions,
  endAbandonedDedicated,
} from './abandoned-dedicated.ts';
import { dedicatedDirectory } from './dedicated-server.ts';

/** What the store knows of sessions that have had a server of their own. */
export interface DedicatedSessions {
  /** Those that have no attempt which may still run. */
  atRest(sessionIds: readonly string[]): Promise<readonly string[]>;
  /** Those that never work again: they are deleted, or in a state that nothing leads out of. */
  over(sessionIds: readonly string[]): Promise<readonly string[]>;
}

export interface DedicatedSweep {
  readonly place: DedicatedPlace;
  readonly sessions: DedicatedSessions;
  readonly logger: Logger;
}

/** Ends what dead gateways have left running for single sessions, and removes the data of those that are over. */
export async function sweepDedicated({ place, sessions, logger }: DedicatedSweep): Promise<void> {
  // One that cannot be ended holds up no other.
  const each = async (ids: readonly string[], task: (id: string) => Promise<unknown>): Promise<void> => {
    for (const sessionId of ids)
      await task(sessionId).catch((error: unknown) => {
        logger.warn({ err: error, sessionId }, 'dedicated opencode server not cleared away');
      });
  };
  await each(await sessions.atRest(await abandonedSessions(place)), (id) => endAbandonedDedicated(place, id));
  await each(await sessions.over(await dedicatedSessions(place)), async (id) => {
    await endAbandonedDedicated(place, id);
    await rm(dedicatedDirectory(place.root, id), { recursive: true, force: true });
    logger.info({ sessionId: id }, 'dedicated opencode server cleared away');
  });
}

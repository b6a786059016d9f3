import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { PacedCommands } from './paced-commands.ts';
import type { SessionTable } from './ports.ts';

/** How often is looked, and how many sessions are given to other workers each time: spread out, so that these are not overrun. */
export const ADOPT_EVERY_MS = 250;
const MORE_AFTER_MS = 20;
const AT_ONCE = 64;
/** The rows of workers that have been dead for so long are removed, and how often that is done. */
const WORKERS_KEPT_MS = 600_000;
export const FORGET_EVERY_MS = 600_000;

export interface DeadOwnerParts {
  readonly table: SessionTable;
  readonly router: SessionRouter;
  readonly commands: PacedCommands;
}

/**
 * Has every session that should be at work and whose owner is gone taken over by another worker, which makes sure that its
 * attempt runs. Returns in how many milliseconds the next look should be.
 */
export async function adoptAbandoned({ table, router, commands }: DeadOwnerParts): Promise<number> {
  const limit = Math.min(AT_ONCE, commands.room);
  if (limit === 0) return MORE_AFTER_MS;
  const abandoned = await table.abandoned({ limit, except: commands.resting });
  for (const { id, tenant } of abandoned) {
    commands.send(id, async () => {
      await router.send('adopt', {}, { ...serviceEnvelope('scheduler', { tenant }), sessionId: id });
      // Whether it has an owner now is for the next look to say, after a pause.
      return 'again';
    });
  }
  return abandoned.length === limit ? MORE_AFTER_MS : ADOPT_EVERY_MS;
}

export function forgetDeadWorkers(table: SessionTable): Promise<void> {
  return table.forgetWorkers(WORKERS_KEPT_MS);
}

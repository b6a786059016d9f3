import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import type { SessionCommit } from '@oio/persistence';
import type { SessionStore } from './ports.ts';
import type { Worker } from './worker.ts';

/** The pauses between the tries while the database does not answer: a restart of it fits in, the caller's patience is longer. */
const PAUSES_MS = [20, 50, 100, 200, 400, 800, 1_600];

export interface CommitParts {
  readonly store: SessionStore;
  readonly worker: Pick<Worker, 'assertUnfenced'>;
}

/**
 * Commits, and finds out what became of it when the connection is lost on the way: the entry is committed again, which
 * changes nothing if it was committed before. Throws `UnavailableError` when it stays unknown.
 */
export function commitEntry(parts: CommitParts, entry: SessionCommit, commandId: string) {
  return commitSurely(parts, entry, commandId, (one) => parts.store.commit(one));
}

/** The same by another kind of commit. */
export function commitSurely<Outcome>(
  { store, worker }: CommitParts,
  entry: SessionCommit,
  commandId: string,
  commit: (entry: SessionCommit) => Promise<Outcome>,
): Promise<Outcome | 'committed'> {
  return untilClear(worker, async (wasUnclear) => {
    const outcome = await commit(entry);
    if (wasUnclear && outcome !== 'committed' && (await wasCommitted(store, entry, commandId))) return 'committed';
    return outcome;
  });
}

/**
 * Tries a commit until the database has said what became of it. Each try is told whether one before it stayed unclear and may
 * have been committed. Throws `UnavailableError` when it stays unclear for as long as all pauses.
 */
export async function untilClear<Outcome>(
  worker: CommitParts['worker'],
  attempt: (wasUnclear: boolean) => Promise<Outcome>,
): Promise<Outcome> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt(failures > 0);
    } catch (error) {
      const pauseMs = PAUSES_MS[failures];
      if (!(error instanceof UnavailableError) || pauseMs === undefined) throw error;
      await pause(pauseMs);
      worker.assertUnfenced();
    }
  }
}

/** An entry that was not let in after an unclear try: that very try has let it in if the row shows what the entry says. */
async function wasCommitted(store: SessionStore, entry: SessionCommit, commandId: string): Promise<boolean> {
  const { id, version } = entry.next;
  const row = await store.ownership(id);
  const isOurs = row?.owner === entry.owner && row.epoch === entry.epoch && row.version === version;
  return isOurs && (await store.hasOutcome(id, commandId));
}

import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import type { CommitOutcome, SessionCommit } from '@oio/persistence';
import type { SessionStore } from './ports.ts';
import type { Worker } from './worker.ts';

/** The pauses between the tries while the database does not answer: a restart of it fits in, the caller's patience is longer. */
const PAUSES_MS = [20, 50, 100, 200, 400, 800, 1_600];

/**
 * Commits, and finds out what became of it when the connection is lost on the way: the entry is committed again, which
 * changes nothing if it was committed before. Throws `UnavailableError` when it stays unknown.
 */
export async function commitEntry(
  { store, worker }: { readonly store: SessionStore; readonly worker: Pick<Worker, 'assertUnfenced'> },
  entry: SessionCommit,
  commandId: string,
): Promise<CommitOutcome> {
  for (let failures = 0; ; failures += 1) {
    try {
      const outcome = await store.commit(entry);
      return failures > 0 && outcome === 'lost' ? await earlierOutcome(store, entry, commandId) : outcome;
    } catch (error) {
      const pauseMs = PAUSES_MS[failures];
      if (!(error instanceof UnavailableError) || pauseMs === undefined) throw error;
      await pause(pauseMs);
      worker.assertUnfenced();
    }
  }
}

/** An entry that lost its check after an unclear try: lost to that very try if the row shows what the entry says. */
async function earlierOutcome(store: SessionStore, entry: SessionCommit, commandId: string): Promise<CommitOutcome> {
  const { id, version } = entry.next;
  const row = await store.ownership(id);
  const isOurs = row?.owner === entry.owner && row.epoch === entry.epoch && row.version === version;
  return isOurs && (await store.hasOutcome(id, commandId)) ? 'committed' : 'lost';
}

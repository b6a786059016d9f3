import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { LimitBook } from './limit-book.ts';
import type { PacedCommands } from './paced-commands.ts';
import type { KeyTable, KeyUser } from './ports.ts';

/** How often is looked, if no news told of a session that takes the place of others. */
export const SUPERSEDE_EVERY_MS = 1_000;

export interface SupersessionParts {
  readonly table: KeyTable;
  readonly book: () => LimitBook;
  readonly router: SessionRouter;
  readonly commands: PacedCommands;
}

/** Whether what was heard may tell of a session that takes the place of others. What was heard is no event for sure. */
export function tellsOfSuperseding({ type, data }: { readonly type: string; readonly data?: unknown }): boolean {
  if (type !== 'session.created') return false;
  return (data as { readonly session?: { readonly onConflict?: unknown } })?.session?.onConflict === 'cancel_oldest';
}

/** Has the sessions ended that newer ones with their key take the place of. The command id is made of both, so that it has one effect. */
export async function supersede({ table, book, router, commands }: SupersessionParts): Promise<void> {
  const limitOf = (name: string): number => book().concurrent({ scope: 'concurrencyKey', name });
  for (const { id, tenant, by } of superseded(await table.contested(), limitOf)) {
    commands.send(id, async () => {
      const envelope = { ...serviceEnvelope('scheduler', { tenant, id: `supersede:${id}:${by}` }), sessionId: id };
      const { outcome } = await router.send('supersede', { by }, envelope);
      return outcome === 'stale' ? 'again' : 'done';
    });
  }
}

/** Of the users of each key: those in whose place a newer one waits, so that with it as many remain as may work at the same time. */
export function superseded(
  users: readonly KeyUser[],
  limitOf: (key: string) => number,
): readonly (KeyUser & { readonly by: string })[] {
  const groups = Map.groupBy(users, ({ tenant, key }) => JSON.stringify([tenant, key]));
  return [...groups.values()].flatMap((group) => {
    const newest = group.findLastIndex(({ supersedes }) => supersedes);
    const by = group[newest]?.id ?? '';
    // Under a limit of 0 nothing runs; that does not end the newest as well.
    const most = Math.max(1, limitOf(group[0]?.key ?? ''));
    return group.slice(0, Math.max(0, newest + 1 - most)).map((user) => ({ ...user, by }));
  });
}

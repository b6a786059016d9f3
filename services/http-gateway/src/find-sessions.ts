import { MOST_AT_ONCE } from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import type { SessionFilter, SessionReader } from './ports.ts';

const PAGE = 200;
/** Looking for more than that would leave no time to do anything with them. */
const WITHIN_MS = 5_000;

export interface Search {
  readonly tenant: string;
  readonly filter: SessionFilter;
  readonly isMeant: (id: string, snapshot: SessionSnapshot) => boolean;
}

/** The newest sessions that are meant, as many as one order may reach; `more`: others may be left. */
export async function findSessions(
  reader: Pick<SessionReader, 'list'>,
  { tenant, filter, isMeant }: Search,
): Promise<{ readonly ids: readonly string[]; readonly more: boolean }> {
  const ids: string[] = [];
  const untilMs = performance.now() + WITHIN_MS;
  for (let below: string | null = null; ; ) {
    const { sessions, more }: Awaited<ReturnType<SessionReader['list']>> = await reader.list(tenant, filter, {
      before: below,
      limit: PAGE,
    });
    for (const { id, snapshot } of sessions) if (snapshot && isMeant(id, snapshot)) ids.push(id);
    const last = sessions.at(-1);
    if (ids.length > MOST_AT_ONCE) return { ids: ids.slice(0, MOST_AT_ONCE), more: true };
    if (!more || !last) return { ids, more: false };
    if (performance.now() > untilMs) return { ids, more: true };
    below = last.id;
  }
}

import { MOST_AT_ONCE } from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import type { SessionFilter, SessionReader } from './ports.ts';

const PAGE = 200;
/** Looking for more than that would leave no time to do anything with them. */
const WITHIN_MS = 5_000;

export interface Search {
  readonly tenant: string;
  readonly filter: SessionFilter;
  /** Only ids below this one. */
  readonly before: string;
  readonly isMeant: (snapshot: SessionSnapshot) => boolean;
}

/** The newest sessions that are meant, as many as one order may reach; `more`: others may be left. */
export async function findSessions(
  reader: Pick<SessionReader, 'list'>,
  { tenant, filter, before, isMeant }: Search,
): Promise<{ readonly ids: readonly string[]; readonly more: boolean }> {
  const ids: string[] = [];
  const untilMs = performance.now() + WITHIN_MS;
  for (let below = before; ; ) {
    const { sessions, more } = await reader.list(tenant, filter, { before: below, limit: PAGE });
    for (const { id, snapshot } of sessions) if (snapshot && isMeant(snapshot)) ids.push(id);
    const last = sessions.at(-1);
    if (ids.length > MOST_AT_ONCE) return { ids: ids.slice(0, MOST_AT_ONCE), more: true };
    if (!more || !last) return { ids, more: false };
    if (performance.now() > untilMs) return { ids, more: true };
    below = last.id;
  }
}

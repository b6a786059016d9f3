import { toSessionView } from '@oio/domain';
import type { Clock } from '@oio/runtime';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { SessionReader } from './ports.ts';
import type { RouteHandlers } from './route-types.ts';
import { noSuchSession } from './session-commands.ts';
import { versionTag } from './version-tag.ts';

type Names = 'listSessions' | 'getSession' | 'getHistory' | 'getCheckpoints';

/** What is answered from the store alone. */
export function createReadHandlers({
  reader,
  clock,
}: {
  reader: SessionReader;
  clock: Clock;
}): Pick<RouteHandlers, Names> {
  return {
    async listSessions({ query, principal: { tenant } }) {
      const { cursor, limit, ...filter } = query;
      const scope = { tenant, filter };
      const before = cursor === undefined ? null : decodeCursor(cursor, scope);
      const { sessions, more } = await reader.list(tenant, filter, { before, limit });
      const last = sessions.at(-1);
      const now = clock.now();
      const nextCursor = more && last ? encodeCursor(last.id, scope) : null;
      return { body: { sessions: sessions.map((snapshot) => toSessionView(snapshot, now)), nextCursor } };
    },
    async getSession({ params: { id }, principal: { tenant } }) {
      const [snapshot, checkpoints] = await Promise.all([reader.session(tenant, id), reader.checkpoints(tenant, id)]);
      if (!snapshot) throw noSuchSession();
      return { headers: versionTag(snapshot), body: { ...toSessionView(snapshot, clock.now()), checkpoints } };
    },
    async getHistory({ params: { id }, query, principal: { tenant } }) {
      const { version } = await standingOf(reader, tenant, id);
      const events = await reader.history(tenant, id, query);
      const last = events.at(-1);
      return { body: { events, nextAfter: last && last.seq < version ? last.seq : null } };
    },
    async getCheckpoints({ params: { id }, principal: { tenant } }) {
      await standingOf(reader, tenant, id);
      return { body: { checkpoints: await reader.checkpoints(tenant, id) } };
    },
  };
}

/** How a session of the tenant stands; throws `NotFoundError` when there is none, or it is deleted. */
export async function standingOf(
  reader: SessionReader,
  tenant: string,
  id: string,
): Promise<{ readonly version: number }> {
  const standing = await reader.standing(tenant, id);
  if (!standing || standing.deleted) throw noSuchSession();
  return standing;
}

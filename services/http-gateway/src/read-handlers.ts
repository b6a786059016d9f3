import type { Clock, Logger } from '@oio/runtime';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { createListedViews, viewOf } from './session-views.ts';
import type { SessionReader } from './ports.ts';
import { PreferredWait, type WaitParts } from './preferred-wait.ts';
import type { RouteHandlers } from './route-types.ts';
import { noSuchSession } from './session-commands.ts';
import { versionTag } from './version-tag.ts';

type Names = 'listSessions' | 'getSession' | 'getHistory' | 'getCheckpoints';

export type ReadParts = WaitParts & { readonly reader: SessionReader; readonly clock: Clock; readonly logger: Logger };

/** What is answered from the store alone. */
export function createReadHandlers(parts: ReadParts): Pick<RouteHandlers, Names> {
  const { reader, clock, logger } = parts;
  const listed = createListedViews(logger);
  return {
    async listSessions({ query, principal: { tenant } }) {
      const { cursor, limit, ...filter } = query;
      const scope = { tenant, filter };
      const before = cursor === undefined ? null : decodeCursor(cursor, scope);
      const { sessions, more } = await reader.list(tenant, filter, { before, limit });
      const last = sessions.at(-1);
      const nextCursor = more && last ? encodeCursor(last.id, scope) : null;
      return { body: { sessions: [...listed(sessions, clock.now())], nextCursor } };
    },
    async getSession(request) {
      const { tenant } = request.principal;
      const { id } = request.params;
      using wait = new PreferredWait(parts, request);
      wait.begin(id);
      const { snapshot, checkpoints } = await inFull(reader, tenant, id);
      const later = await wait.outcome(viewOf(snapshot, clock.now()));
      const shown = later ? await inFull(reader, tenant, id) : { snapshot, checkpoints };
      const body = { ...viewOf(shown.snapshot, clock.now()), checkpoints: shown.checkpoints };
      return { headers: { ...versionTag(shown.snapshot), ...wait.headers }, body };
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

async function inFull(reader: SessionReader, tenant: string, id: string) {
  const [snapshot, checkpoints] = await Promise.all([reader.session(tenant, id), reader.checkpoints(tenant, id)]);
  if (!snapshot) throw noSuchSession();
  return { snapshot, checkpoints };
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

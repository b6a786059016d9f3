import { type ServerView, serverObservation } from '@oio/contracts';
import { type Database, instant } from '@oio/persistence';
import type { ServerList } from '../ports.ts';

/** A keeper tells every three seconds how its server is, and of the others every gateway does. */
const SILENT = `interval '30 seconds'`;

const SELECT = `
select id, url, managed, capacity, observed,
  ${instant('observed_at')} as "observedAt",
  observed_at is null or observed_at < now() - ${SILENT} as silent,
  coalesce(out_of_service, draining, case when drain_asked then 'An operator has asked for it.' end) as draining,
  (select count(*)::int from sessions where server_id = servers.id and attempt_open) as running
from servers where $1::text is null or id = $1 order by managed desc, id`;

/** Who lets it in again has looked at it. */
const ASK = 'update servers set drain_asked = $2, out_of_service = case when $2 then out_of_service end where id = $1';

interface Row extends Pick<ServerView, 'id' | 'managed' | 'capacity' | 'observedAt' | 'draining' | 'running'> {
  readonly url: string;
  readonly observed: unknown;
  readonly silent: boolean;
}

/** The servers as the gateways have written down that they are. Never their passwords. */
export function createPostgresServerList(database: Database): ServerList {
  const read = async (id: string | null) => (await database.query<Row>(SELECT, [id])).map(viewOf);
  return {
    all: () => read(null),
    async drain(id, asked) {
      await database.query(ASK, [id, asked]);
      const [server] = await read(id);
      return server ?? null;
    },
  };
}

const NOTHING_SEEN = {
  healthy: false,
  version: null,
  trouble: null,
  startedAt: null,
  directories: null,
  memoryBytes: null,
  databaseBytes: null,
  cpuPercent: null,
  diskBytes: null,
};

function viewOf({ observed, silent, url, ...row }: Row): ServerView {
  const { healthy, ...seen } = serverObservation.safeParse(observed).data ?? NOTHING_SEEN;
  const known = healthy ? 'up' : 'down';
  // Whoever wrote credentials into an address does not want them shown.
  return { ...row, ...seen, url: new URL(url).origin, state: silent ? 'unknown' : known };
}

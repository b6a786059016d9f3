import { AppError } from '@oio/errors';
import { type Database, readableJson, WORKING_STATUSES } from '@oio/persistence';
import type { Logger } from '@oio/runtime';
import type { Cipher } from '../cipher.ts';
import type { KnownServer } from '../fleet.ts';
import type { ServerDemand } from '../managed-server/look-after.ts';
import type { ServerEntry, ServerTable } from '../server-table.ts';
import { unconfirmedStop } from './postgres-leftover-runs.ts';

const KEEPER_SECONDS = 10;

const ALL = `
select id, url, credentials, capacity, managed,
  coalesce(out_of_service, draining, case when drain_asked then 'An operator has asked for it.' end) as draining
from servers where credentials is not null order by id`;

const ENTER = `
insert into servers (id, url, credentials, capacity, managed, keeper, keeper_until, updated_at)
values ($1, $2, $3, $4, $5, $6::uuid, case when $6::uuid is not null then now() + interval '${KEEPER_SECONDS} seconds' end, now())
on conflict (id) do update set url = excluded.url, credentials = excluded.credentials, capacity = excluded.capacity,
  managed = excluded.managed, keeper = excluded.keeper, keeper_until = excluded.keeper_until, updated_at = excluded.updated_at,
  drain_asked = servers.drain_asked and not $7, draining = case when not $7 then servers.draining end,
  out_of_service = case when not $7 then servers.out_of_service end`;

const OBSERVE = `
update servers set observed = $3, observed_at = now(), draining = $4 where id = $1 and keeper = $2::uuid
returning drain_asked as asked, out_of_service is not null as suspended,
  (select count(*)::int from sessions where server_id = $1 and attempt_open) as running,
  (select min(id::text) from sessions where server_id = $1 and attempt_open having count(*) = 1) as alone,
  (select count(*)::int from sessions where server_id = $1 and attempt_open and status in ${WORKING_STATUSES}) as working`;

const SUSPEND = 'update servers set out_of_service = $2 where id = $1';

const REINSTATE = `
update servers set out_of_service = null where id = $1 and not exists (
  select from sessions, lateral (select ${readableJson('state')} as stored) as readable
  where server_id = $1 and attempt_open and status not in ${WORKING_STATUSES} and ${unconfirmedStop('stored')})`;

/**
 * Each gateway looks at them: what one has just said need not be said again, and who reaches the server knows better. One
 * that is out of service is in again once every attempt on it is closed: whoever was to prove that may have died meanwhile.
 */
const OBSERVE_OTHERS = `
update servers set observed = seen.observation, observed_at = now(), out_of_service = case
  when out_of_service is not null and exists (select from sessions where server_id = servers.id and attempt_open) then out_of_service end
from json_to_recordset($1::json) as seen(id text, observation json)
where servers.id = seen.id and not managed and (
  observed_at is null or observed_at < now() - case when (seen.observation->>'healthy')::boolean then interval '4 seconds' else interval '10 seconds' end)`;

const RENEW = `update servers set keeper_until = now() + interval '${KEEPER_SECONDS} seconds' where id = $1 and keeper = $2::uuid`;

const REMOVE = 'delete from servers where id = $1 and keeper = $2::uuid';

const FORGET = 'delete from servers where id = $1 and managed and keeper_until < now()';

const UNREGISTER = `
delete from servers where id = $1 and not managed and drain_asked
  and not exists (select from sessions where server_id = $1 and attempt_open) returning id`;

interface Row extends Omit<KnownServer, 'password'> {
  readonly credentials: string;
}

/** The table of the servers, their passwords encrypted. */
export function createPostgresServerTable(database: Database, cipher: Cipher, logger: Logger): ServerTable {
  const told = new Set<string>();
  const enter = async (server: ServerEntry, keeper: string | null, started: boolean) => {
    const { id, url, password, capacity, managed } = server;
    await database.query(ENTER, [id, url, cipher.seal(password, id), capacity, managed, keeper, started]);
  };
  const say = async (sql: string, ...values: readonly unknown[]): Promise<void> => {
    await database.query(sql, [...values]);
  };
  return {
    async all() {
      const rows = await database.query<Row>(ALL);
      return rows.flatMap((row) => known(row, cipher, { told, logger }) ?? []);
    },
    enter: (server) => enter(server, null, false),
    keep: (server, keeper, { started }) => enter(server, keeper, started),
    async observe(serverId, keeper, { observation, draining }) {
      const values = [serverId, keeper, JSON.stringify(observation), draining];
      const [demand] = await database.query<ServerDemand>(OBSERVE, values);
      return demand ?? null;
    },
    async observeOthers(seen) {
      if (seen.length === 0) return;
      const rows = seen.map(({ serverId: id, observation }) => ({ id, observation }));
      await database.query(OBSERVE_OTHERS, [JSON.stringify(rows)]);
    },
    suspend: (serverId, why) => say(SUSPEND, serverId, why),
    reinstate: (serverId) => say(REINSTATE, serverId),
    renew: (serverId, keeper) => say(RENEW, serverId, keeper),
    remove: (serverId, keeper) => say(REMOVE, serverId, keeper),
    async unregister(serverId) {
      return (await database.query(UNREGISTER, [serverId])).length > 0;
    },
    forget: (serverId) => say(FORGET, serverId),
  };
}

/** One that cannot be decrypted here is told of once, and is as good as unknown. */
function known(
  { credentials, ...server }: Row,
  cipher: Cipher,
  { told, logger }: { readonly told: Set<string>; readonly logger: Logger },
): KnownServer | null {
  try {
    return { ...server, password: cipher.open(credentials, server.id) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (!told.has(server.id)) logger.error({ err: error, serverId: server.id }, 'password of a server not readable');
    told.add(server.id);
    return null;
  }
}

import { AppError } from '@oio/errors';
import type { Database } from '@oio/persistence';
import type { Logger } from '@oio/runtime';
import type { Cipher } from '../cipher.ts';
import type { KnownServer } from '../fleet.ts';
import type { ServerTable } from '../server-table.ts';

const KEEPER_SECONDS = 10;

const ALL = 'select id, url, credentials, capacity, managed from servers where credentials is not null order by id';

const ENTER = `
insert into servers (id, url, credentials, capacity, managed, keeper, keeper_until, updated_at)
values ($1, $2, $3, $4, $5, $6::uuid, case when $6::uuid is not null then now() + interval '${KEEPER_SECONDS} seconds' end, now())
on conflict (id) do update set url = excluded.url, credentials = excluded.credentials, capacity = excluded.capacity,
  managed = excluded.managed, keeper = excluded.keeper, keeper_until = excluded.keeper_until, updated_at = excluded.updated_at`;

const RENEW = `update servers set keeper_until = now() + interval '${KEEPER_SECONDS} seconds' where id = $1 and keeper = $2::uuid`;

const REMOVE = 'delete from servers where id = $1 and keeper = $2::uuid';

interface Row extends Omit<KnownServer, 'password'> {
  readonly credentials: string;
}

/** The table of the servers, their passwords encrypted. */
export function createPostgresServerTable(database: Database, cipher: Cipher, logger: Logger): ServerTable {
  const told = new Set<string>();
  const enter = async ({ id, url, password, capacity, managed }: KnownServer, keeper: string | null) => {
    await database.query(ENTER, [id, url, cipher.seal(password, id), capacity, managed, keeper]);
  };
  return {
    async all() {
      const rows = await database.query<Row>(ALL);
      return rows.flatMap((row) => known(row, cipher, { told, logger }) ?? []);
    },
    enter: (server) => enter(server, null),
    keep: (server, keeper) => enter(server, keeper),
    async renew(serverId, keeper) {
      await database.query(RENEW, [serverId, keeper]);
    },
    async remove(serverId, keeper) {
      await database.query(REMOVE, [serverId, keeper]);
    },
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

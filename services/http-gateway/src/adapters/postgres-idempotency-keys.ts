import type { Database } from '@oio/persistence';
import type { IdempotencyKeys, KeyedRequest } from '../ports.ts';

/** The update changes nothing; it makes the statement wait for, and return, a row that another request enters right now. */
const CLAIM = `
insert into idempotency_keys (tenant, key, request_hash, session_id, command_id) values ($1, $2, $3, $4::uuid, $5)
on conflict (tenant, key) do update set key = excluded.key
returning request_hash as "requestHash", session_id as "sessionId", command_id as "commandId", (xmax <> 0) as known`;

const FORGET = 'delete from idempotency_keys where created_at < now() - make_interval(days => $1::int)';

export function createPostgresIdempotencyKeys(database: Database): IdempotencyKeys {
  return {
    async claim(tenant, key, { requestHash, sessionId, commandId }) {
      const values = [tenant, key, requestHash, sessionId, commandId];
      const [row] = await database.query<KeyedRequest & { known: boolean }>(CLAIM, values);
      if (!row) throw new Error('An insert of an idempotency key returned no row.');
      return row;
    },
    async forget(days) {
      await database.query(FORGET, [days]);
    },
  };
}

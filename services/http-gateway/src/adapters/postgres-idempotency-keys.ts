import type { Database } from '@oio/persistence';
import { batched } from '@oio/runtime';
import type { IdempotencyKeys, KeyClaim, KeyedRequest } from '../ports.ts';

/**
 * The update changes nothing; it makes the statement wait for, and return, a row that another request enters right now. In
 * the order of the keys, so that two batches never wait for each other.
 */
const CLAIM = `
insert into idempotency_keys (tenant, key, request_hash, session_id, command_id)
select tenant, key, request_hash, session_id, command_id
from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[]) as claims (tenant, key, request_hash, session_id, command_id)
order by tenant, key
on conflict (tenant, key) do update set key = excluded.key
returning tenant, key, request_hash as "requestHash", session_id as "sessionId", command_id as "commandId", (xmax <> 0) as known`;

/** Before the hash of a request that was refused. */
const REFUSED = 'refused:';

const NOTE_REFUSAL = `
update idempotency_keys set request_hash = '${REFUSED}' || request_hash
where tenant = $1 and key = $2 and command_id = $3 and request_hash not like '${REFUSED}%'`;

const REPLACE = `
update idempotency_keys set request_hash = $4, command_id = $5
where tenant = $1 and key = $2 and command_id = $3 and session_id = $6::uuid and request_hash like '${REFUSED}%'
returning 1`;

const FORGET = 'delete from idempotency_keys where created_at < now() - make_interval(days => $1::int)';

interface Claim extends KeyedRequest {
  readonly tenant: string;
  readonly key: string;
}

/** Each claim is a commit of its own, waited for before the order goes out: those of the same moment share one. */
export function createPostgresIdempotencyKeys(database: Database): IdempotencyKeys {
  const claimOne = batched((claims: readonly Claim[]) => claimAll(database, claims));
  return {
    claim: (tenant, key, request) => claimOne({ tenant, key, ...request }),
    async noteRefusal(tenant, key, commandId) {
      await database.query(NOTE_REFUSAL, [tenant, key, commandId]);
    },
    async replaceRefused(tenant, key, { from, to: { requestHash, sessionId, commandId } }) {
      const replaced = await database.query(REPLACE, [tenant, key, from, requestHash, commandId, sessionId]);
      return replaced.length > 0;
    },
    async forget(days) {
      await database.query(FORGET, [days]);
    },
  };
}

/** Of several claims of one key in a batch the first is entered; it is known to the others. */
async function claimAll(database: Database, claims: readonly Claim[]): Promise<KeyClaim[]> {
  const first = new Map<string, Claim>();
  for (const claim of claims) if (!first.has(nameOf(claim))) first.set(nameOf(claim), claim);
  const entered = [...first.values()];
  const column = (name: keyof Claim): string[] => entered.map((claim) => claim[name]);
  const columns = [column('tenant'), column('key'), column('requestHash'), column('sessionId'), column('commandId')];
  const rows = await database.query<Claim & { readonly known: boolean }>(CLAIM, columns, { prepared: 'http_claims' });
  const found = new Map(rows.map((row) => [nameOf(row), row]));
  return claims.map((claim) => {
    const row = found.get(nameOf(claim));
    if (!row) throw new Error('An insert of an idempotency key returned no row.');
    return claimed(row, row.known || first.get(nameOf(claim)) !== claim);
  });
}

function claimed({ requestHash, sessionId, commandId }: KeyedRequest, known: boolean): KeyClaim {
  const refused = requestHash.startsWith(REFUSED);
  return {
    requestHash: refused ? requestHash.slice(REFUSED.length) : requestHash,
    sessionId,
    commandId,
    known,
    refused,
  };
}

function nameOf({ tenant, key }: Pick<Claim, 'tenant' | 'key'>): string {
  return JSON.stringify([tenant, key]);
}

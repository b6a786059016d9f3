import { modelParts, type Quota } from '@oio/contracts';
import { type Database, instant } from '@oio/persistence';
import type { QuotaStore } from '../ports.ts';

const ROW = `name, ${instant('reset_at')} as "resetAt", ${instant('changed_at')} as "closedAt", closed_by as "closedBy", said, shortened,
  by_default as "byDefault"`;

const CLOSED = `select ${ROW} from quotas where not is_open and reset_at > now() order by name`;

const CLOSE = `
insert into quotas (name, reset_at, is_open, closed_by, said, shortened, by_default, changed_at)
values ($1, $2::timestamptz, false, 'operator', $3, false, $4, clock_timestamp())
on conflict (name) do update set (reset_at, is_open, closed_by, said, shortened, changed_at) =
  (excluded.reset_at, false, 'operator', excluded.said, false, excluded.changed_at),
  by_default = excluded.by_default or (quotas.by_default and not quotas.is_open)
returning ${ROW}`;

/** What was known before is past from now on: the row stays until its time. */
const REOPEN = `
update quotas set is_open = true, closed_by = 'operator', changed_at = clock_timestamp()
from (select name as was, ${instant('changed_at')} as "closedAt", closed_by as "closedBy" from quotas where name = $1) as before
where name = $1 and was = name and not is_open and reset_at > now()
returning name, ${instant('reset_at')} as "resetAt", before."closedAt", before."closedBy", said, shortened, by_default as "byDefault"`;

type Row = Omit<Quota, 'provider' | 'model'> & { readonly name: string };

export function createPostgresQuotaStore(database: Database): QuotaStore {
  return {
    closed: async () => (await database.query<Row>(CLOSED)).map(quotaOf),
    async close(name, { until, reason, byDefault }) {
      const [row] = await database.query<Row>(CLOSE, [name, until, reason, byDefault]);
      if (!row) throw new Error('The database entered nothing.');
      return quotaOf(row);
    },
    async reopen(name) {
      const [row] = await database.query<Row>(REOPEN, [name]);
      return row ? quotaOf(row) : null;
    },
  };
}

function quotaOf({ name, ...facts }: Row): Quota {
  return { ...modelParts(name), ...facts };
}

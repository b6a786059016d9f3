import { failure } from '@oio/contracts';
import { type Database, readableJson } from '@oio/persistence';
import type { QuotaTable } from '../ports.ts';
import type { Bucket } from '../quota-book.ts';
import { bucketOf } from '../quota-lessons.ts';

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

/** For so long after its reset a model is opened little by little. */
const READ = `
select name, ${ms('reset_at')} as "resetAtMs", is_open as "isOpen", closed_by as "closedBy", said, shortened, by_default as "byDefault",
  ${ms('changed_at')} as "changedAtMs"
from quotas where reset_at > now() - interval '2 minutes'`;

/** What an operator has closed, and what still holds, no provider undoes. The book in memory decides by the same rule. */
const WRITE = `
insert into quotas (name, reset_at, is_open, closed_by, said, shortened, by_default, changed_at)
select name, to_timestamp("resetAtMs" / 1000), "isOpen", "closedBy", said, shortened, "byDefault", to_timestamp("changedAtMs" / 1000)
from json_to_recordset($1::json) as news(name text, "resetAtMs" float8, "isOpen" boolean, "closedBy" text, said text, shortened boolean,
  "byDefault" boolean, "changedAtMs" float8)
order by name
on conflict (name) do update set (reset_at, is_open, closed_by, said, shortened, by_default, changed_at) =
  (excluded.reset_at, excluded.is_open, excluded.closed_by, excluded.said, excluded.shortened, 
   excluded.by_default or (quotas.by_default and not quotas.is_open), excluded.changed_at)
where excluded.changed_at > quotas.changed_at
  and (excluded.closed_by = 'operator' or quotas.closed_by <> 'operator' or quotas.is_open or quotas.reset_at <= excluded.changed_at)`;

/** A session that is retried by itself, or at work and impaired, has a timer. */
const TAUGHT = `
select known #> '{failure}' as failure, known ->> 'statusUpdatedAt' as at
from sessions, lateral (select ${readableJson('sessions.state')} as known) as readable
where timer_at is not null and status in ('failed', 'degraded') and deleted_at is null
  and known #>> '{failure,quota,resetAt}' > to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')`;

const FORGET = `delete from quotas where reset_at < now() - interval '10 minutes'`;

export function createPostgresQuotaTable(database: Database): QuotaTable {
  return {
    read: () => database.query<Bucket>(READ),
    async write(buckets) {
      await database.query(WRITE, [JSON.stringify(buckets)]);
    },
    async taught() {
      const rows = await database.query<{ failure: unknown; at: string }>(TAUGHT);
      return rows.flatMap(({ failure: told, at }) => {
        const said = failure.safeParse(told).data;
        return (said && bucketOf(said, Date.parse(at))) ?? [];
      });
    },
    async forget() {
      await database.query(FORGET);
    },
  };
}

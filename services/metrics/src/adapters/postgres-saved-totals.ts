import type { Database } from '@oio/persistence';
import type { Progress, SavedTotals } from '../ports.ts';
import { COUNTED_AS } from '../total-definitions.ts';
import type { StoredTotals } from '../totals.ts';

/** Instances of different versions, side by side in a rolling upgrade, store beside each other. */
const NAME = `totals-${COUNTED_AS}`;

const LOAD = `select xid::text as xid, position::text as position, totals from counted_histories where name = $1`;

const isThere = (place: string): string =>
  `exists (select from session_events e where (e.xid, e.position) = (${place}.xid, ${place}.position))`;

/** What is stored gives way to a later place, or when its own place is in no history that there is. */
const SAVE = `
insert into counted_histories as stored (name, xid, position, totals, saved_at)
select $1, xid, position, $4::json, now() from (values ($2::xid8, $3::bigint)) as new (xid, position) where ${isThere('new')}
on conflict (name) do update
set xid = excluded.xid, position = excluded.position, totals = excluded.totals, saved_at = excluded.saved_at
where (stored.xid, stored.position) < (excluded.xid, excluded.position) or not ${isThere('stored')}`;

export function createPostgresSavedTotals(database: Pick<Database, 'query'>): SavedTotals {
  return {
    async load(): Promise<Progress | null> {
      const [row] = await database.query<{ xid: string; position: string; totals: StoredTotals }>(LOAD, [NAME]);
      return row ? { place: { xid: row.xid, position: row.position }, totals: row.totals } : null;
    },
    async save({ place, totals }) {
      await database.query(SAVE, [NAME, place.xid, place.position, JSON.stringify(totals)]);
    },
  };
}

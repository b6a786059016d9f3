import type { StoredSessionEvent } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import { type Database, historyPage, instant } from '@oio/persistence';
import { type FreshEvents, nameOf } from '../relay/fresh-events.ts';
import type { HistoryPage, HistoryPlace, HistoryTail, HoldUp } from '../relay/history-tail.ts';

/** The history as the relay of the name `events` reads it. */
export function createPostgresHistoryTail(database: Database): HistoryTail {
  return {
    begin: () => begin(database),
    read: (after, fresh) => readPage(database, after, fresh),
    async moveTo({ xid, position }) {
      await database.query(MOVE, [xid, position]);
    },
    async backlogAgeMs() {
      const [row] = await database.query<{ ageMs: number }>(BACKLOG_AGE);
      return Math.max(0, row?.ageMs ?? 0);
    },
    async holdUp() {
      const [row] = await database.query<HoldUp>(HOLD_UP);
      return row ?? null;
    },
  };
}

const PAGE = 500;

/** The names of the page in their order, and its places. */
const ORDER = `
with ${historyPage(PAGE)}
select string_agg(session_id || ':' || seq, ' ' order by xid, position) as names,
  string_agg(xid || ':' || position, ' ' order by xid, position) as places
from page`;

/** As many of them from the first on as do not exceed that many bytes, as the rows take them in storage; one at least. */
const CONTENTS = `
with wanted as (select * from unnest($1::uuid[], $2::bigint[]) with ordinality as w (session_id, seq, place)),
sized as (
  select e.*, place, sum(pg_column_size(data)) over (order by place) - pg_column_size(data) as bytes_before
  from wanted join session_events e using (session_id, seq)
)
select e.session_id as "sessionId", s.tenant, e.seq::float8 as seq, e.type, e.data, e.command_id as "commandId", e.epoch::float8 as epoch, e.cause,
  ${instant('e.at')} as at
from sized e join sessions s on s.id = e.session_id where e.bytes_before < 4000000 order by place`;

async function readPage(
  database: Database,
  after: HistoryPlace,
  fresh?: Pick<FreshEvents, 'take'>,
): Promise<HistoryPage> {
  const [row] = await database.query<OrderRow>(ORDER, [after.xid, after.position]);
  if (!row?.names) return { events: [], end: null, isLast: true };
  const names = row.names.split(' ');
  const known = new Map(names.map((name) => [name, fresh?.take(name)]));
  const missing = names.filter((name) => !known.get(name));
  for (const event of await contentsOf(database, missing)) known.set(nameOf(event), event);
  const events = untilOneIsMissing(names.map((name) => known.get(name)));
  const [xid, position] = row.places.split(' ')[events.length - 1]?.split(':') ?? [];
  const isLast = events.length === names.length && names.length < PAGE;
  return { events, end: xid && position ? { xid, position } : null, isLast };
}

interface OrderRow {
  readonly names: string | null;
  readonly places: string;
}

async function contentsOf(database: Database, names: readonly string[]): Promise<StoredSessionEvent[]> {
  if (names.length === 0) return [];
  const parts = names.map((name) => name.split(':'));
  return database.query(CONTENTS, [parts.map(([sessionId]) => sessionId), parts.map(([, seq]) => seq)]);
}

function untilOneIsMissing(events: readonly (StoredSessionEvent | undefined)[]): StoredSessionEvent[] {
  const gap = events.indexOf(undefined);
  return (gap < 0 ? events : events.slice(0, gap)) as StoredSessionEvent[];
}

const MOVE = `
update relay_cursors set xid = $1::xid8, position = $2::bigint, updated_at = now()
where name = 'events' and (xid, position) < ($1::xid8, $2::bigint)`;

const BACKLOG_AGE = `
select (extract(epoch from now() - e.at) * 1000)::float8 as "ageMs"
from relay_cursors c cross join lateral (
  select at from session_events where (xid, position) > (c.xid, c.position) order by xid, position limit 1
) e
where c.name = 'events'`;

/** Of transactions that are prepared and not finished there is no process. */
const HOLD_UP = `
select (extract(epoch from now() - xact_start) * 1000)::float8 as "sinceMs", pid, application_name as application
from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid() order by age(backend_xid) desc limit 1`;

async function begin(database: Database): Promise<HistoryPlace> {
  // Without a cursor everything would be published that ever happened; those who listen have long had that.
  await database.query(ENTER);
  const [foreign] = await database.query<HistoryPlace>(FOREIGN_CURSOR);
  if (foreign) await renumber(database, foreign);
  const [place] = await database.query<HistoryPlace>(
    "select xid::text as xid, position::text as position from relay_cursors where name = 'events'",
  );
  if (!place) throw new UnavailableError('The cursor of the relay has vanished.');
  return place;
}

const ENTER = `
insert into relay_cursors (name, xid, position) values ('events', pg_snapshot_xmin(pg_current_snapshot()), 0)
on conflict (name) do nothing`;

/** No transaction of this server can have such an id yet: the database was restored from one of another server. */
const FOREIGN_CURSOR = `
select c.xid::text as xid, c.position::text as position from relay_cursors c
where c.name = 'events' and greatest(c.xid, (select e.xid from session_events e order by e.xid desc, e.position desc limit 1))
  >= pg_snapshot_xmax(pg_current_snapshot())`;

/**
 * New events have lower transaction ids than the restored ones and would not be seen for ever. The restored ones get ids
 * below those of all transactions: 1 what was published, 2 what was not; the latter is where the cursor is put in the end.
 * In steps, because there may be many; interrupted, it goes on where it was.
 */
async function renumber(database: Database, { xid, position }: HistoryPlace): Promise<void> {
  for (;;) {
    const rows = await database.query(RENUMBER, [xid, position]);
    if (rows.length === 0) break;
  }
  await database.query("update relay_cursors set xid = '2', position = 0, updated_at = now() where name = 'events'");
}

/** Native rows have a later position than all restored ones, and are left alone. */
const RENUMBER = `
update session_events e set xid = case when (e.xid, e.position) > ($1::xid8, $2::bigint) then '2'::xid8 else '1'::xid8 end
from (
  select session_id, seq from session_events
  where xid > '2'::xid8 and (xid >= pg_snapshot_xmax(pg_current_snapshot()) or position <= $2::bigint)
  order by xid, position limit 5000
) r
where e.session_id = r.session_id and e.seq = r.seq
returning 1`;

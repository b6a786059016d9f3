import { openDatabase } from '@oio/persistence';
import { Client } from 'pg';

/** The originals are kept apart, because what the database knows of a table that grows so fast is soon out of date. */
const KEEP_SESSIONS =
  'create temporary table original_sessions as select id, to_json(s)::text as whole from sessions s';
const KEEP_EVENTS = 'create temporary table original_events as select *, data::text as text from session_events';

/** The ids of the copies follow each other as those of sessions that are submitted do. */
const COPY = `
with copies as materialized (select id as old, uuidv7() as new, whole from original_sessions limit $1),
copied as (
  insert into sessions
  select copy.* from copies cross join lateral json_populate_record(null::sessions, replace(whole, old::text, new::text)::json) copy
)
insert into session_events (session_id, seq, type, data, command_id, epoch, cause, at)
select new, seq, type, replace(text, old::text, new::text)::json, command_id, epoch, cause, at
from original_events join copies on session_id = old`;

/** As if all of it had been published: those who had queued the sessions one by one would be long through it. */
const PUBLISH = `
update relay_cursors set (xid, position) = (select xid, position from session_events order by xid desc, position desc limit 1)
where name = 'events' and exists (select from session_events)`;

/** Makes so many further sessions with their history out of those that are there, within the database. */
export async function copySessions(databaseUrl: string, count: number): Promise<void> {
  // What is temporary belongs to a connection.
  await using database = await openDatabase(databaseUrl, { connections: 1 });
  for (const statement of ['set statement_timeout = 0', KEEP_SESSIONS, KEEP_EVENTS]) await database.query(statement);
  await database.query('analyze original_sessions, original_events');
  const [row] = await database.query<{ originals: number }>('select count(*)::int as originals from original_sessions');
  const originals = row?.originals ?? 0;
  for (let left = count; left > 0; left -= originals) await database.query(COPY, [Math.min(originals, left)]);
  await database.query(PUBLISH);
  await settle(databaseUrl);
}

/** What such a mass of rows leaves to be done belongs to making them, not to what is measured then: dead rows, statistics, dirty pages. */
export async function settle(databaseUrl: string): Promise<void> {
  // Without the bounds of time that the pool of the product has.
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  for (const statement of ['vacuum analyze sessions', 'vacuum analyze session_events', 'checkpoint'])
    await client.query(statement);
  await client.end();
}

import type { Database } from '@oio/persistence';

/** The ids of the copies follow each other as those of sessions that are submitted do. */
const COPY = `
with copies as materialized (select id as old, uuidv7() as new from sessions order by id limit $1),
copied as (
  insert into sessions
  select copy.* from sessions s join copies on s.id = old
  cross join lateral json_populate_record(null::sessions, replace(to_json(s)::text, old::text, new::text)::json) copy
)
insert into session_events (session_id, seq, type, data, command_id, epoch, cause, at)
select new, seq, type, replace(data::text, old::text, new::text)::json, command_id, epoch, cause, at
from session_events e join copies on e.session_id = old`;

/** Makes so many further sessions with their history out of the first ones that are there, within the database. */
export async function copySessions(
  database: Database,
  { count, originals }: { readonly count: number; readonly originals: number },
): Promise<void> {
  for (let left = count; left > 0; left -= originals) await database.query(COPY, [Math.min(originals, left)]);
}

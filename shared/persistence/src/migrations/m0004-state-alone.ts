import { Migration } from '@mikro-orm/migrations';
import { readableJson } from '../readable-json.ts';

/**
 * A row keeps what changes of its session; what was settled at its creation stands in its first event already. Where that
 * event does not tell the same, or the row cannot be taken apart, the row stays whole: it is read alike, and its next
 * commit shortens it.
 */
export class M0004StateAlone extends Migration {
  override up(): void {
    for (const statement of STATEMENTS) this.addSql(statement);
  }
}

const BIRTH = `array['tenant', 'createdBy', 'session', 'place', 'policy']`;

/** `json_each` and `json_object_agg` leave each value as it was written; by `n` the keys keep their order as well. */
const STATEMENTS = [
  `alter table "sessions" rename column "snapshot" to "state"`,
  `with readable as (
    select s.id, ${readableJson('s.state')} as state, ${readableJson('e.data')} as birth
    from sessions s join session_events e on e.session_id = s.id and e.seq = 1 and e.type = 'session.created'
  ),
  shortened as (
    select id, (select json_object_agg(key, value order by n) from json_each(state) with ordinality as f(key, value, n)
      where key <> all (${BIRTH})) as state
    from readable
    where not exists (select from unnest(${BIRTH}) as field
      where state -> field is null or (state -> field)::text is distinct from (birth -> field)::text)
  )
  update sessions s set state = shortened.state from shortened where shortened.id = s.id and shortened.state is not null`,
];

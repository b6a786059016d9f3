import type { StoredSessionEvent } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import { type Database, historyPage, instant, readableJson } from '@oio/persistence';
import { COUNTED_FIELDS } from '../counted-part.ts';
import { type HeardEvents, nameOf } from '../heard-events.ts';
import type { EventName, HistoryPage, HistoryPlace, SessionHistory } from '../ports.ts';

const PAGE = 2_000;
const BEGINNING: HistoryPlace = { xid: '0', position: '0' };

/**
 * After a restore into another server, events bear ids of transactions that this one has not
 * begun yet: they are `foreign` until the relay has given them others, and in which order it does so is not that of the history.
 */
const ORDER = `
with ${historyPage(PAGE)}
select string_agg(session_id || ':' || seq, ' ' order by xid, position) as names,
  (array_agg(xid || ':' || position order by xid desc, position desc))[1] as "end",
  $1 = '0' or exists (select from session_events where (xid, position) = ($1::xid8, $2::bigint)) as "isThere",
  (select xid from session_events order by xid desc, position desc limit 1) >= pg_snapshot_xmax(pg_current_snapshot()) as "isForeign"
from page`;

/** Of all other types nothing is counted, and how the session stands does not change by them. */
const UNCOUNTED = `e.type in ('session.workspace-prepared', 'session.attempt-closed',
  'session.resources-measured', 'session.adopted', 'session.child-added', 'session.dependencies-settled')`;
/** These say how the session stands: transitions, which have one word behind the point, and a wish to go on. */
const STANDING = `e.type = 'session.resume-requested' or e.type not like '%-%'`;

const FIELDS = COUNTED_FIELDS.map((field) => `"${field}" json`).join(', ');
/** Shorter than this in bytes, a document is read as it is: to take it apart costs the database ten times as much as to send it. */
const SHORT = 2_048;
/** Of longer ones texts, results and places are left in the database: they are most of it and not counted. */
const READABLE = readableJson('e.data');
const DATA = `
  case
    when ${UNCOUNTED} then '{}'
    when octet_length(e.data::text) < ${SHORT} then e.data
    when ${READABLE} is null then null
    when e.type = 'session.created' then json_build_object('session',
      json_build_object('type', ${READABLE} #> '{session,type}', 'priority', ${READABLE} #> '{session,priority}'))
    when e.type = 'session.checkpoint-made' then json_build_object('checkpoint',
      json_build_object('origin', ${READABLE} #> '{checkpoint,origin}'))
    else (select json_strip_nulls(to_json(counted)) from json_to_record(${READABLE}) as counted (${FIELDS}))
  end`;

const EVENTS = `
select e.session_id as "sessionId", s.tenant, e.seq::int as seq, e.cause, ${instant('e.at')} as at, e.type, ${DATA} as data
from unnest($1::uuid[], $2::bigint[]) as named (session_id, seq)`;
const FROM = 'join sessions s on s.id = e.session_id';

const CONTENTS = `${EVENTS} join session_events e using (session_id, seq) ${FROM}`;
const BEFORE = `${EVENTS} join session_events e on e.session_id = named.session_id and e.seq < named.seq and (${STANDING}) ${FROM}
order by e.session_id, e.seq`;

export function createPostgresSessionHistory(database: Pick<Database, 'query'>): SessionHistory {
  const read = (statement: string, events: readonly EventName[]): Promise<StoredSessionEvent[]> =>
    database.query(statement, [events.map(({ sessionId }) => sessionId), events.map(({ seq }) => seq)]);
  return {
    async page(after, heard) {
      const { xid, position } = after ?? BEGINNING;
      const [row] = await database.query<OrderRow>(ORDER, [xid, position]);
      if (!row?.isThere) return null;
      if (row.isForeign) throw new UnavailableError('The history was restored and is not in its order yet.');
      const names = row.names?.split(' ') ?? [];
      const isLast = names.length < PAGE;
      return { ...(await contentsOf(names, { heard, read })), end: placeOf(row.end) ?? after, isLast };
    },
    before: async (events) => read(BEFORE, events),
  };
}

interface OrderRow {
  readonly names: string | null;
  readonly end: string | null;
  readonly isThere: boolean;
  readonly isForeign: boolean | null;
}

function placeOf(text: string | null): HistoryPlace | null {
  const [xid, position] = text?.split(':') ?? [];
  return xid && position ? { xid, position } : null;
}

interface ContentParts {
  readonly heard: Pick<HeardEvents, 'take'>;
  readonly read: (statement: string, events: readonly EventName[]) => Promise<StoredSessionEvent[]>;
}

async function contentsOf(
  names: readonly string[],
  { heard, read }: ContentParts,
): Promise<Pick<HistoryPage, 'events' | 'read'>> {
  const known = new Map(names.map((name) => [name, heard.take(name)]));
  const missing = names.filter((name) => !known.get(name)).map(parsedName);
  if (missing.length > 0) for (const event of await read(CONTENTS, missing)) known.set(nameOf(event), event);
  const events = [...known.values()].filter((event) => event !== undefined);
  return { events, read: missing.length };
}

function parsedName(name: string): EventName {
  const [sessionId = '', seq] = name.split(':');
  return { sessionId, seq: Number(seq) };
}

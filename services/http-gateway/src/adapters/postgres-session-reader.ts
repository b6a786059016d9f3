import { type Checkpoint, PRIORITIES, type StoredSessionEvent } from '@oio/contracts';
import { CHECKPOINTS_KEPT, type SessionSnapshot } from '@oio/domain';
import type { Database } from '@oio/persistence';
import type { SessionFilter, SessionReader } from '../ports.ts';

/** How much JSON a page holds before it is cut short, in bytes. */
const PAGE_BYTES = 1_048_576;

export function createPostgresSessionReader(database: Database): SessionReader {
  const rows: Rows = (sql, parameters) => database.query(sql, parameters);
  return { ...oneSession(rows), ...manySessions(rows), ...histories(rows) };
}

type Rows = <Row>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;

function oneSession(rows: Rows): Pick<SessionReader, 'session' | 'standing' | 'ping'> {
  return {
    async session(tenant, id, { deleted } = { deleted: false }) {
      const [row] = await rows<{ snapshot: SessionSnapshot }>(SESSION, [tenant, id, deleted]);
      return row?.snapshot ?? null;
    },
    async standing(tenant, id) {
      const [row] = await rows<{ version: number; deleted: boolean }>(STANDING, [tenant, id]);
      return row ?? null;
    },
    async ping() {
      await rows('select 1', []);
    },
  };
}

function manySessions(rows: Rows): Pick<SessionReader, 'list' | 'versions'> {
  return {
    async list(tenant, filter, { before, limit }) {
      const parameters = [tenant, ...filterParameters(filter), before, limit + 1, PAGE_BYTES];
      const found = await rows<{ snapshot: SessionSnapshot; found: number }>(LIST, parameters);
      const sessions = found.slice(0, limit).map(({ snapshot }) => snapshot);
      return { sessions, more: (found[0]?.found ?? 0) > sessions.length };
    },
    async versions(ids) {
      const found = await rows<{ id: string; version: number }>(VERSIONS, [`{${ids.join(',')}}`]);
      return new Map(found.map(({ id, version }) => [id, version]));
    },
  };
}

function histories(rows: Rows): Pick<SessionReader, 'history' | 'checkpoints' | 'hasOutcome'> {
  return {
    history: (tenant, id, { after, limit }) =>
      rows<StoredSessionEvent>(HISTORY, [tenant, id, after, limit, PAGE_BYTES]),
    async checkpoints(tenant, id) {
      const found = await rows<{ checkpoint: Checkpoint }>(CHECKPOINTS, [tenant, id, CHECKPOINTS_KEPT]);
      return found.map(({ checkpoint }) => checkpoint).reverse();
    },
    async hasOutcome(sessionId, commandId) {
      return (await rows(OUTCOME, [sessionId, commandId])).length > 0;
    },
  };
}

const SESSION =
  'select snapshot from sessions where tenant = $1 and id = $2::uuid and (deleted_at is null or $3::boolean)';

const STANDING =
  'select version::int as version, deleted_at is not null as deleted from sessions where tenant = $1 and id = $2::uuid';

const VERSIONS = 'select id, version::int as version from sessions where id = any($1::uuid[])';

const OUTCOME = 'select 1 from session_events where session_id = $1::uuid and command_id = $2';

/** `found` counts the rows before the page is cut short, so that the reader knows whether there are more. */
const LIST = `
with page as (
  select id, snapshot from sessions
  where tenant = $1 and deleted_at is null
    and ($2::text[] is null or status = any($2::text[]))
    and ($3::smallint is null or priority = $3::smallint)
    and ($4::uuid is null or parent_id = $4::uuid)
    and ($5::text is null or tags @> array[$5::text])
    and ($6::uuid is null or id < $6::uuid)
  order by id desc limit $7::int
),
sized as (
  select id, snapshot, (count(*) over ())::int as found,
    sum(octet_length(snapshot::text)) over (order by id desc) - octet_length(snapshot::text) as bytes_before
  from page
)
select snapshot, found from sized where bytes_before < $8::int order by id desc`;

const HISTORY = `
with page as (
  select e.* from session_events e join sessions s on s.id = e.session_id
  where s.tenant = $1 and s.id = $2::uuid and e.seq > $3::bigint
  order by e.seq limit $4::int
),
sized as (
  select *, sum(octet_length(data::text)) over (order by seq) - octet_length(data::text) as bytes_before from page
)
select session_id as "sessionId", $1::text as tenant, seq::int as seq, command_id as "commandId", epoch::int as epoch, cause,
  to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, type, data
from sized where bytes_before < $5::int order by seq`;

const CHECKPOINTS = `
select e.data -> 'checkpoint' as checkpoint from session_events e join sessions s on s.id = e.session_id
where s.tenant = $1 and s.id = $2::uuid and e.type = 'session.checkpoint-made'
order by e.seq desc limit $3::int`;

function filterParameters({ status, priority, parentId, tag }: SessionFilter): unknown[] {
  return [
    status ? `{${status.join(',')}}` : null,
    priority ? PRIORITIES.indexOf(priority) : null,
    parentId ?? null,
    tag ?? null,
  ];
}

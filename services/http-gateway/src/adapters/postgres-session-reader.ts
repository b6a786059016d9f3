import { type Checkpoint, PRIORITIES, STATUSES, type StoredSessionEvent } from '@oio/contracts';
import { CHECKPOINTS_KEPT, isTerminal, readSnapshot, type StoredSession, unreadableSession } from '@oio/domain';
import { type Database, storedSession, instant } from '@oio/persistence';
import { batched } from '@oio/runtime';
import type { SessionFilter, SessionReader } from '../ports.ts';

/** How much JSON a page holds before it is cut short, in bytes. */
const PAGE_BYTES = 1_048_576;

export function createPostgresSessionReader(database: Database): SessionReader {
  const rows: Rows = (sql, parameters, options) => database.query(sql, parameters, options);
  return { ...oneSession(rows), ...manySessions(rows), ...histories(rows) };
}

type Rows = <Row>(
  sql: string,
  parameters: readonly unknown[],
  options?: { readonly prepared: string },
) => Promise<Row[]>;

/** What many requests ask for at the same time is read by one statement. */
function oneSession(rows: Rows): Pick<SessionReader, 'session' | 'standing'> {
  const sessions = byId<SessionRow>(rows, SESSIONS, 'http_sessions');
  const standings = byId<{ id: string; tenant: string; version: number; deleted: boolean }>(
    rows,
    STANDINGS,
    'http_standings',
  );
  return {
    async session(tenant, id, { deleted } = { deleted: false }) {
      const row = await sessions(id);
      if (row?.tenant !== tenant || (row.deleted && !deleted)) return null;
      const snapshot = readSnapshot(row);
      if (!snapshot) throw unreadableSession(id);
      return snapshot;
    },
    async standing(tenant, id) {
      const row = await standings(id);
      return row?.tenant === tenant ? row : null;
    },
  };
}

interface SessionRow extends StoredSession {
  readonly id: string;
  readonly tenant: string;
  readonly deleted: boolean;
}

function byId<Row extends { readonly id: string }>(
  rows: Rows,
  sql: string,
  prepared: string,
): (id: string) => Promise<Row | undefined> {
  return batched(async (ids: readonly string[]) => {
    const found = await rows<Row>(sql, [arrayOf(ids)], { prepared });
    const rowOf = new Map(found.map((row) => [row.id, row]));
    return ids.map((id) => rowOf.get(id));
  });
}

function manySessions(rows: Rows): Pick<SessionReader, 'list' | 'versions' | 'ended'> {
  return {
    async ended(ids) {
      const found = await rows<{ id: string }>(ENDED, [arrayOf(ids), arrayOf(STATUSES.filter(isTerminal))]);
      return found.map(({ id }) => id);
    },
    async list(tenant, filter, { before, limit }) {
      const parameters = [tenant, ...filterParameters(filter), before, limit + 1, PAGE_BYTES];
      const found = await rows<StoredSession & { readonly id: string; readonly found: number }>(LIST, parameters);
      const sessions = found.slice(0, limit).map((row) => ({ id: row.id, snapshot: readSnapshot(row) }));
      return { sessions, more: (found[0]?.found ?? 0) > sessions.length };
    },
    async versions(ids) {
      const found = await rows<{ id: string; version: number }>(VERSIONS, [arrayOf(ids)]);
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

/** As PostgreSQL reads it; nothing that needs quotes comes in here. */
function arrayOf(values: readonly string[]): string {
  return `{${values.join(',')}}`;
}

const SESSIONS = `
select id, tenant, deleted_at is not null as deleted, ${storedSession('sessions')} from sessions where id = any($1::uuid[])`;

const STANDINGS = `
select id, tenant, version::int as version, deleted_at is not null as deleted from sessions where id = any($1::uuid[])`;

const ENDED = 'select id from sessions where id = any($1::uuid[]) and status = any($2::text[])';

const VERSIONS = 'select id, version::int as version from sessions where id = any($1::uuid[])';

const OUTCOME = 'select 1 from session_events where session_id = $1::uuid and command_id = $2';

/** `found` counts the rows before the page is cut short, so that the reader knows whether there are more. */
const LIST = `
with page as (
  select id, ${storedSession('sessions')} from sessions
  where tenant = $1 and deleted_at is null
    and ($2::text[] is null or status = any($2::text[]))
    and ($3::smallint is null or priority = $3::smallint)
    and ($4::uuid is null or parent_id = $4::uuid)
    and ($5::text is null or tags @> array[$5::text])
    and ($6::uuid is null or id < $6::uuid)
  order by id desc limit $7::int
),
sized as (
  select id, birth, state, (count(*) over ())::int as found, sum(bytes) over (order by id desc) - bytes as bytes_before
  from page, lateral (select octet_length(state::text) + coalesce(octet_length(birth::text), 0) as bytes) as size
)
select id, birth, state, found from sized where bytes_before < $8::int order by id desc`;

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
  ${instant('at')} as at, type, data
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

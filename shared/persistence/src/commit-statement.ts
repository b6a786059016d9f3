import { type Approval, PRIORITIES, type StoredSessionEvent } from '@oio/contracts';
import { namedModel, partsOf, type SessionSnapshot } from '@oio/domain';
import type { Database } from './database.ts';
import { arrayLiteral, arraysOf, type RowOf, selectOfArrays } from './row-arrays.ts';

/** What one session wants to have committed: its next snapshot, of which the state is stored, and the events that lead there. */
export interface SessionCommit {
  readonly next: SessionSnapshot;
  readonly events: readonly StoredSessionEvent[];
  /** The epoch under which the writer owns the session; an older one than the row's changes nothing. */
  readonly epoch: number;
  /** The version that the events build on; 0 for a new session. */
  readonly fromVersion: number;
  /** The owner of a new session. */
  readonly owner: string;
  /** For a dispatch: the epoch of the scheduler that ordered it, which must still be the active one. */
  readonly schedulerEpoch: number | null;
}

/**
 * Commits a whole batch in one statement; returns the ids of the sessions that were committed. One that is missing lost
 * its check of epoch or version, or existed already. Rejects with a unique violation (23505) when a command id repeats;
 * nothing of the batch is committed then.
 */
export async function commitSessions(
  database: Pick<Database, 'query'>,
  batch: readonly SessionCommit[],
): Promise<ReadonlySet<string>> {
  // In the order of ids, so that two batches never wait for each other crosswise.
  const sorted = [...batch].sort((a, b) => (a.next.id < b.next.id ? -1 : 1));
  const events = sorted.flatMap((entry) => entry.events);
  const parameters = [
    ...arraysOf(SESSION, sorted.map(sessionRow)),
    ...arraysOf(EVENT, events.map(eventRow)),
    ...arraysOf(APPROVAL, approvalsIn(events).map(approvalRow)),
  ];
  const rows = await database.query<{ id: string }>(STATEMENT, parameters, { prepared: 'commit_sessions' });
  return new Set(rows.map(({ id }) => id));
}

const SESSION = {
  id: 'uuid',
  tenant: 'text',
  status: 'text',
  priority: 'smallint',
  parent_id: 'uuid',
  tags: 'text[]',
  directory: 'text',
  workspace: 'text',
  model: 'text',
  concurrency_key: 'text',
  supersedes: 'boolean',
  depends_on: 'uuid[]',
  owner: 'uuid',
  epoch: 'bigint',
  from_version: 'bigint',
  version: 'bigint',
  waiting_since: 'timestamptz',
  timer_at: 'timestamptz',
  server_id: 'text',
  attempt_open: 'boolean',
  state: 'json',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
  deleted_at: 'timestamptz',
  scheduler_epoch: 'bigint',
} as const;

const EVENT = {
  session_id: 'uuid',
  seq: 'bigint',
  type: 'text',
  data: 'json',
  command_id: 'text',
  epoch: 'bigint',
  cause: 'json',
  at: 'timestamptz',
} as const;

const APPROVAL = {
  id: 'uuid',
  session_id: 'uuid',
  tenant: 'text',
  status: 'text',
  request_id: 'text',
  record: 'json',
} as const;

const BEFORE_EVENTS = Object.keys(SESSION).length;
const BEFORE_APPROVALS = BEFORE_EVENTS + Object.keys(EVENT).length;

/** `leader … for share`: a plain sub-select would let a dispatch through while a new scheduler takes over. */
const STATEMENT = `
with input as materialized (${selectOfArrays(SESSION, 1)}),
leader as (
  select epoch from leaders where role = 'scheduler' and exists (select 1 from input where scheduler_epoch is not null) for share
),
updated as (
  update sessions s set status = i.status, version = i.version, waiting_since = i.waiting_since, timer_at = i.timer_at, server_id = i.server_id,
    attempt_open = i.attempt_open, state = i.state, updated_at = i.updated_at, deleted_at = i.deleted_at
  from input i
  where i.from_version > 0 and s.id = i.id and s.owner_epoch = i.epoch and s.version = i.from_version
    and (i.scheduler_epoch is null or i.scheduler_epoch = (select epoch from leader))
  returning s.id
),
inserted as (
  insert into sessions (id, tenant, status, priority, parent_id, tags, directory, workspace, model, concurrency_key, supersedes, depends_on, owner, owner_epoch, version, waiting_since,
    timer_at, server_id, attempt_open, state, created_at, updated_at, deleted_at)
  select id, tenant, status, priority, parent_id, tags, directory, workspace, model, concurrency_key, supersedes, depends_on, owner, epoch, version, waiting_since, timer_at,
    server_id, attempt_open, state, created_at, updated_at, deleted_at
  from input where from_version = 0
  on conflict (id) do nothing
  returning id
),
committed as (select id from updated union all select id from inserted),
history as (
  insert into session_events (session_id, seq, type, data, command_id, epoch, cause, at)
  select e.session_id, e.seq, e.type, e.data, e.command_id, e.epoch, e.cause, e.at
  from (${selectOfArrays(EVENT, 1 + BEFORE_EVENTS)}) e
  join committed on committed.id = e.session_id
  order by e.session_id, e.seq
),
asked as (
  insert into approvals (id, session_id, tenant, status, request_id, record)
  select a.id, a.session_id, a.tenant, a.status, a.request_id, a.record
  from (${selectOfArrays(APPROVAL, 1 + BEFORE_APPROVALS)}) a
  join committed on committed.id = a.session_id
  on conflict (id) do update set status = excluded.status, record = excluded.record
)
select id from committed`;

function sessionRow({ next, epoch, fromVersion, owner, schedulerEpoch }: SessionCommit): RowOf<typeof SESSION> {
  const timers = Object.values(next.timers).map(({ fireAt }) => fireAt);
  return {
    id: next.id,
    tenant: next.tenant,
    status: next.status,
    priority: PRIORITIES.indexOf(next.session.priority),
    parent_id: next.session.parentId,
    tags: arrayLiteral(next.session.tags),
    directory: next.place.directory,
    workspace: next.place.workspace,
    model: namedModel(next.session),
    concurrency_key: next.session.concurrencyKey ?? null,
    supersedes: next.session.onConflict === 'cancel_oldest' || null,
    depends_on: next.session.dependsOn ? arrayLiteral(next.session.dependsOn.map(({ session }) => session)) : null,
    owner,
    epoch,
    from_version: fromVersion,
    version: next.version,
    waiting_since: next.times.waitingSince,
    timer_at: timers.length > 0 ? timers.reduce((a, b) => (a < b ? a : b)) : null,
    server_id: next.attempt?.serverId ?? null,
    attempt_open: next.attempt?.open ?? false,
    state: JSON.stringify(partsOf(next).state),
    created_at: next.createdAt,
    updated_at: next.updatedAt,
    deleted_at: next.deletedAt,
    scheduler_epoch: schedulerEpoch,
  };
}

/** As they stand after the events: each once. */
function approvalsIn(events: readonly StoredSessionEvent[]): readonly Approval[] {
  const told = events.flatMap(({ type, data }) =>
    type === 'session.approval-requested' || type === 'session.approval-closed' ? [data.approval] : [],
  );
  return told.length === 0 ? told : [...new Map(told.map((approval) => [approval.id, approval])).values()];
}

function approvalRow(approval: Approval): RowOf<typeof APPROVAL> {
  const { id, sessionId, tenant, status, requestId } = approval;
  return { id, session_id: sessionId, tenant, status, request_id: requestId, record: JSON.stringify(approval) };
}

function eventRow(event: StoredSessionEvent): RowOf<typeof EVENT> {
  const { sessionId, seq, type, data, commandId, epoch, cause, at } = event;
  return {
    session_id: sessionId,
    seq,
    type,
    data: JSON.stringify(data),
    command_id: commandId,
    epoch,
    cause: JSON.stringify(cause),
    at,
  };
}

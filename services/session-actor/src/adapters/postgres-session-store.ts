import type { Checkpoint } from '@oio/contracts';
import { CHECKPOINTS_KEPT, type DependencyOutcome, isTerminal, readSnapshot, type StoredSession } from '@oio/domain';
import {
  commitSessions,
  createGroupCommit,
  type Database,
  isAtWork,
  isLivingWorker,
  readableJson,
  storedSession,
} from '@oio/persistence';
import { batched } from '@oio/runtime';
import { commitUnlessInUse, holdersOf } from './commit-unless-in-use.ts';
import type {
  ChildLeftBehind,
  ChildOutcomes,
  ClaimedSession,
  ParentOfCompleted,
  Held,
  SessionStore,
  Strayed,
} from '../ports.ts';

/** How long it was without a living owner, as far as that is known: a worker that died has a lease that runs on for some seconds. */
const UNOWNED_MS = `greatest(0, coalesce(round(extract(epoch from now() - former.lease_until) * 1000), 0))::float8`;

const claimOf = (locking: string): string => `
with at_hand as materialized (select id, owner from sessions where id = any($1::uuid[]) ${locking}),
claimed as (
  update sessions set owner = $2::uuid, owner_epoch = owner_epoch + 1
  where id = any(array(select id from at_hand)) and (owner is null or owner = $2::uuid
    or not exists (select 1 from workers w where w.incarnation = sessions.owner and ${isLivingWorker('w')}))
  returning id, owner_epoch::int as epoch, ${storedSession('sessions')}
)
select at_hand.id, case when claimed.id is not null then
  json_build_object('epoch', epoch, 'birth', birth, 'state', state, 'unownedMs', ${UNOWNED_MS}) end as found
from at_hand left join claimed using (id) left join workers former on former.incarnation = at_hand.owner`;

const CLAIM = claimOf('for no key update');

/**
 * Takes what it can of many without waiting for anybody, so that two that take over at the same time never wait for each
 * other crosswise. Returns also those that it looked at in vain; what is missing is being written to by somebody else.
 */
const CLAIM_FREE = claimOf('for no key update skip locked');

const UNENDED = `('pending', 'queued', 'running', 'paused', 'degraded')`;

const CHILD_OUTCOMES = `
select count(*) filter (where status in ('completed', 'partially_completed'))::int as succeeded,
  count(*) filter (where status in ('failed', 'timeout', 'stopped', 'cancelled', 'orphaned'))::int as failed,
  count(*) filter (where status in ${UNENDED})::int as unended
from sessions where parent_id = $1::uuid`;

const SESSION = `select ${storedSession('sessions')} from sessions where id = $1::uuid`;

const CHECKPOINTS = `
select data -> 'checkpoint' as checkpoint from session_events
where session_id = $1::uuid and type = 'session.checkpoint-made' order by seq desc limit $2::int`;

/**
 * A child that somebody retried after its parent's end is not meant. One that was about to be retried by itself then is: it did
 * not live, so that the end of its parent passed it by. Instants are compared as texts, since some may not be readable.
 */
const [CHILD, PARENT, PARENT_BIRTH] = [readableJson('c.state'), readableJson('p.state'), readableJson('b.data')];
const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';
const LEFT_BEHIND = `
select c.id as "childId", c.tenant, p.id as "parentId", ${PARENT_BIRTH} -> 'session' ->> 'childPolicy' as policy
from sessions c join sessions p on p.id = c.parent_id join session_events b on b.session_id = p.id and b.seq = 1
where c.parent_id is not null and c.status in ${UNENDED}
  and p.status not in ${UNENDED} and ${PARENT} -> 'timers' -> 'retry' is null
  and ${PARENT_BIRTH} -> 'session' ->> 'childPolicy' <> 'detach' and p.updated_at < now() - interval '3 seconds'
  and ${CHILD} is not null and (
    select e.seq from session_events e where e.session_id = c.id and e.type = 'session.queued'
      and ${readableJson('e.cause')} ->> 'kind' = 'principal' and ${readableJson('e.data')} ->> 'from' <> 'pending'
      and to_char(e.at at time zone 'UTC', '${ISO}') > ${PARENT} ->> 'statusUpdatedAt' limit 1) is null
limit 100`;

/** Their oldest child, as one that came after the parent's end is none of those that it counts. */
const INCOMPLETE = `
select p.id as "parentId", p.tenant, (array_agg(c.id order by c.created_at))[1] as "childId"
from sessions p join sessions c on c.parent_id = p.id
where p.status = 'partially_completed'
group by p.id
having bool_and(c.status in ('completed', 'partially_completed')) and max(c.updated_at) < now() - interval '3 seconds'
limit 100`;

/** One that has ended and has a timer is to be retried by itself. */
const STANDING = `
select id, tenant, status, timer_at is not null as timed, ${readableJson('state')} -> 'result' as result
from sessions where id = any($1::uuid[])`;

const OUTCOME = 'select 1 from session_events where session_id = $1::uuid and command_id = $2';

const OWNERSHIP = `
select id, owner, owner_epoch::int as epoch, version::int as version from sessions where id = any($1::uuid[])`;

const RELEASE = 'update sessions set owner = null where id = $1::uuid and owner_epoch = $2';

const STRAYED = `
with held as materialized (select * from unnest($2::uuid[], $3::bigint[]) as h (id, epoch))
(select id, owner_epoch::int as epoch, true as "isOurs" from sessions s
where ${isAtWork('s')} and owner = $1::uuid
  and not exists (select from held where held.id = s.id and held.epoch = s.owner_epoch)
limit 1000)
union all
select s.id, s.owner_epoch::int, false from held join sessions s on s.id = held.id where s.owner_epoch > held.epoch and s.owner is distinct from $1::uuid`;

export function createPostgresSessionStore(database: Database): SessionStore {
  const { commit } = createGroupCommit(database);
  return {
    commit,
    commitUnlessInUse: (entry) => commitUnlessInUse(database, entry),
    holdersOf: (tenant, concurrencyKey) => holdersOf(database, tenant, concurrencyKey),
    commitTogether: async (entries) => (await commitSessions(database, entries)).size === entries.length,
    standing: (ids) => standingOf(database, ids),
    async claim(sessionIds, incarnation) {
      const known = await claimFree(database, sessionIds, incarnation);
      const claims = sessionIds.map(async (id) => {
        const found = known.get(id);
        return found === undefined ? claimOne(database, id, incarnation) : found;
      });
      return Promise.all(claims);
    },
    async release(sessionId, epoch) {
      await database.query(RELEASE, [sessionId, epoch]);
    },
    strayed: (incarnation, held) => strayedFrom(database, incarnation, held),
    ownership: batched((sessionIds) => ownershipOf(database, sessionIds)),
    async hasOutcome(...command) {
      return (await database.query(OUTCOME, command, { prepared: 'has_outcome' })).length > 0;
    },
    async session(sessionId) {
      const [row] = await database.query<StoredSession>(SESSION, [sessionId]);
      return row ? readSnapshot(row) : null;
    },
    async checkpoint(sessionId, sequence) {
      const found = await database.query<{ checkpoint: Checkpoint }>(CHECKPOINTS, [sessionId, CHECKPOINTS_KEPT]);
      return found.find(({ checkpoint }) => checkpoint.sequence === sequence)?.checkpoint ?? null;
    },
    async childOutcomes(parentId) {
      const [row] = await database.query<ChildOutcomes>(CHILD_OUTCOMES, [parentId]);
      return row ?? { succeeded: 0, failed: 0, unended: 0 };
    },
    incomplete: () => database.query<ParentOfCompleted>(INCOMPLETE),
    leftBehind: () => database.query<ChildLeftBehind>(LEFT_BEHIND),
  };
}

/** What was found of each; without those that have to be waited for, and without one that comes alone. */
async function claimFree(
  database: Database,
  sessionIds: readonly string[],
  incarnation: string,
): Promise<ReadonlyMap<string, ClaimedSession | null>> {
  if (sessionIds.length < 2) return new Map();
  const parameters = [sessionIds, incarnation];
  const rows = await database.query<FoundRow>(CLAIM_FREE, parameters, { prepared: 'claim_free_sessions' });
  return new Map(rows.map(({ id, found }) => [id, found && claimed(found)]));
}

interface FoundRow {
  readonly id: string;
  readonly found: ClaimedRow | null;
}

interface ClaimedRow extends StoredSession {
  readonly epoch: number;
  readonly unownedMs: number;
}

async function claimOne(database: Database, sessionId: string, incarnation: string): Promise<ClaimedSession | null> {
  const [row] = await database.query<FoundRow>(CLAIM, [[sessionId], incarnation], { prepared: 'claim_session' });
  return row?.found ? claimed(row.found) : null;
}

function claimed(row: ClaimedRow): ClaimedSession {
  return { epoch: row.epoch, unownedMs: row.unownedMs, snapshot: readSnapshot(row) };
}

function strayedFrom(database: Database, incarnation: string, held: readonly Held[]): Promise<readonly Strayed[]> {
  const parameters = [incarnation, held.map(({ id }) => id), held.map(({ epoch }) => epoch)];
  return database.query<Strayed>(STRAYED, parameters, { prepared: 'strayed_sessions' });
}

interface Ownership {
  readonly owner: string | null;
  readonly epoch: number;
  readonly version: number;
}

async function ownershipOf(database: Database, sessionIds: readonly string[]): Promise<readonly (Ownership | null)[]> {
  const rows = await database.query<Ownership & { readonly id: string }>(OWNERSHIP, [sessionIds], {
    prepared: 'ownership',
  });
  const byId = new Map(rows.map(({ id, ...row }) => [id, row]));
  return sessionIds.map((id) => byId.get(id) ?? null);
}

type Standing = DependencyOutcome & { readonly tenant: string };

async function standingOf(database: Database, ids: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
  const rows = await database.query<Omit<Standing, 'settled'> & { readonly timed: boolean }>(STANDING, [ids]);
  return new Map(rows.map(({ timed, ...row }) => [row.id, { ...row, settled: isTerminal(row.status) && !timed }]));
}

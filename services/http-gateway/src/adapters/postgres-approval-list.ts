import type { Approval } from '@oio/contracts';
import type { Database } from '@oio/persistence';
import type { ApprovalList } from '../ports.ts';

/** Those of a deleted session are gone with it. */
const FROM = `approvals a join sessions s on s.id = a.session_id and s.deleted_at is null`;

const GET = `select a.record from ${FROM} where a.tenant = $1 and a.id = $2::uuid`;

const LIST = `
select a.record from ${FROM}
where a.tenant = $1 and ($2::text[] is null or a.status = any($2::text[])) and ($3::uuid is null or a.session_id = $3::uuid)
  and ($4::uuid is null or a.id < $4::uuid)
order by a.id desc limit $5::int`;

/** With the word that the index for it is made of. */
const PENDING = LIST.replace(
  '($2::text[] is null or a.status = any($2::text[]))',
  `$2::text[] is not null and a.status = 'pending'`,
);

export function createPostgresApprovalList(database: Database): ApprovalList {
  const records = async (sql: string, values: unknown[]) =>
    (await database.query<{ record: Approval }>(sql, values)).map(({ record }) => record);
  return {
    async get(tenant, id) {
      const [found] = await records(GET, [tenant, id]);
      return found ?? null;
    },
    list(tenant, { status, sessionId }, { before, limit }) {
      const onlyPending = status?.length === 1 && status[0] === 'pending';
      const statuses = status ? `{${status.join(',')}}` : null;
      return records(onlyPending ? PENDING : LIST, [tenant, statuses, sessionId ?? null, before, limit]);
    },
  };
}

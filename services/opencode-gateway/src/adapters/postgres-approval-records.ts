import type { Approval } from '@oio/contracts';
import type { Database } from '@oio/persistence';
import type { ApprovalRecords } from '../approvals/approval-records.ts';

const OF = `select record from approvals where session_id = $1::uuid and (status = 'pending' or request_id = any($2::text[]))`;

export function createPostgresApprovalRecords(database: Database): ApprovalRecords {
  return {
    async of(sessionId, requestIds) {
      const rows = await database.query<{ record: Approval }>(OF, [sessionId, requestIds]);
      return rows.map(({ record }) => record);
    },
  };
}

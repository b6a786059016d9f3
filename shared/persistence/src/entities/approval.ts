import { defineEntity, p } from '@mikro-orm/core';

/** What agents have asked people, to be found over all sessions; written by the commit of the session, whose history tells the same. */
export const ApprovalEntity = defineEntity({
  name: 'Approval',
  tableName: 'approvals',
  indexes: [
    {
      name: 'approvals_of_tenant',
      expression: 'create index "approvals_of_tenant" on "approvals" ("tenant", "id")',
    },
    {
      name: 'approvals_pending',
      expression: `create index "approvals_pending" on "approvals" ("tenant", "id") where "status" = 'pending'`,
    },
    {
      name: 'approvals_of_session',
      expression: 'create index "approvals_of_session" on "approvals" ("session_id", "id")',
    },
  ],
  properties: {
    /** Version 7: the order of ids is that of asking. */
    id: p.uuid().primary(),
    sessionId: p.uuid(),
    tenant: p.text(),
    status: p.text(),
    /** As OpenCode knows it. */
    requestId: p.text(),
    record: p.json().columnType('json'),
  },
});

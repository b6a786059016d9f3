import { defineEntity, p } from '@mikro-orm/core';

/** Who is the active one of a role that only one process may have; the epoch fences its predecessors. */
export const LeaderEntity = defineEntity({
  name: 'Leader',
  tableName: 'leaders',
  properties: {
    role: p.text().primary(),
    holder: p.uuid(),
    epoch: p.bigint('number'),
    leaseUntil: p.datetime().columnType('timestamptz(3)'),
  },
});

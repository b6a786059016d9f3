import { defineEntity, p } from '@mikro-orm/core';

/** A process that owns sessions, alive until `leaseUntil` by the database's clock. */
export const WorkerEntity = defineEntity({
  name: 'Worker',
  tableName: 'workers',
  properties: {
    incarnation: p.uuid().primary(),
    leaseUntil: p.datetime().columnType('timestamptz(3)'),
    startedAt: p.datetime().columnType('timestamptz(3)'),
    host: p.text(),
    pid: p.integer(),
    /** Whether it holds the advisory lock that falls free with the end of its process. */
    locked: p.boolean().default(false),
  },
});

import { defineEntity, p } from '@mikro-orm/core';

/** Which opencode-gateway may act for a session: the one with the highest fence. Each order of its owner has a higher one. */
export const RunFenceEntity = defineEntity({
  name: 'RunFence',
  tableName: 'run_fences',
  properties: {
    sessionId: p.uuid().primary(),
    fence: p.bigint('number'),
    gateway: p.uuid(),
    at: p.datetime().columnType('timestamptz(3)').defaultRaw('now()'),
  },
});

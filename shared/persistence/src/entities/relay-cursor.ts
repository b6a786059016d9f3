import { defineEntity, p } from '@mikro-orm/core';

/** How far a relay has published the history, in the order of (xid, position); it only ever moves forward. */
export const RelayCursorEntity = defineEntity({
  name: 'RelayCursor',
  tableName: 'relay_cursors',
  properties: {
    name: p.text().primary(),
    xid: p.string().columnType('xid8'),
    position: p.bigint('string'),
    updatedAt: p.datetime().columnType('timestamptz(3)').defaultRaw('now()'),
  },
});

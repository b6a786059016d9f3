import { defineEntity, p } from '@mikro-orm/core';

/** Totals over the history up to an event, in the order of (xid, position), so that counting goes on behind it. */
export const CountedHistoryEntity = defineEntity({
  name: 'CountedHistory',
  tableName: 'counted_histories',
  properties: {
    name: p.text().primary(),
    xid: p.string().columnType('xid8'),
    position: p.bigint('string'),
    totals: p.json().columnType('json'),
    savedAt: p.datetime(3).columnType('timestamptz(3)').defaultRaw('now()'),
  },
});

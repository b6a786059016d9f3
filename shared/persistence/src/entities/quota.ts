import { defineEntity, p } from '@mikro-orm/core';

/** The models that are closed until a time, and those that were opened again before it: older news of them is past. */
export const QuotaEntity = defineEntity({
  name: 'Quota',
  tableName: 'quotas',
  properties: {
    /** provider/model. */
    name: p.text().primary(),
    resetAt: p.datetime(3).columnType('timestamptz(3)'),
    isOpen: p.boolean(),
    closedBy: p.text(),
    said: p.text(),
    shortened: p.boolean(),
    byDefault: p.boolean(),
    /** When what the row says became known; what was known before it changes nothing. */
    changedAt: p.datetime(3).columnType('timestamptz(3)'),
  },
});

import { defineEntity, p } from '@mikro-orm/core';

/** The limits that operators have set: one row, so that they change all at once. */
export const LimitsEntity = defineEntity({
  name: 'Limits',
  tableName: 'limits',
  properties: {
    name: p.text().primary(),
    rules: p.json().columnType('json'),
  },
});

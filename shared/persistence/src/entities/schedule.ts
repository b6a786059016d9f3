import { defineEntity, p } from '@mikro-orm/core';

/** A session that is submitted at the times of a cron line. */
export const ScheduleEntity = defineEntity({
  name: 'Schedule',
  tableName: 'schedules',
  indexes: [
    {
      name: 'schedules_by_name',
      expression: 'create unique index "schedules_by_name" on "schedules" ("tenant", "name")',
    },
    { name: 'schedules_of_tenant', expression: 'create index "schedules_of_tenant" on "schedules" ("tenant", "id")' },
    {
      name: 'schedules_due',
      expression: 'create index "schedules_due" on "schedules" ("next_fire_at") where "next_fire_at" is not null',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    tenant: p.text(),
    name: p.text(),
    cron: p.text(),
    timeZone: p.text(),
    overlap: p.text(),
    catchUpLimit: p.integer(),
    paused: p.boolean(),
    /** What is submitted: a `NewSession` of the contracts. */
    session: p.json().columnType('json'),
    createdBy: p.text(),
    createdAt: p.datetime().columnType('timestamptz(3)').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz(3)').defaultRaw('now()'),
    /** Counts what clients have changed, not what it has fired. */
    version: p.integer().default(1),
    /** Null while it is paused. */
    nextFireAt: p.datetime().columnType('timestamptz(3)').nullable(),
  },
});

import { defineEntity, p } from '@mikro-orm/core';

/** A time at which a schedule came due, written down before anything is done about it, and what became of it. */
export const ScheduleFireEntity = defineEntity({
  name: 'ScheduleFire',
  tableName: 'schedule_fires',
  indexes: [
    {
      name: 'schedule_fires_of',
      expression: 'create index "schedule_fires_of" on "schedule_fires" ("schedule_id", "at")',
    },
    {
      name: 'schedule_fires_pending',
      expression: `create index "schedule_fires_pending" on "schedule_fires" ("schedule_id", "at") where "outcome" = 'pending'`,
    },
  ],
  properties: {
    /** The id that its session has, if it gets one: it follows from the schedule and the time, so that there is one at most. */
    sessionId: p.uuid().primary(),
    scheduleId: p.uuid(),
    at: p.datetime().columnType('timestamptz(3)'),
    byHand: p.boolean(),
    outcome: p.text(),
    detail: p.text().nullable(),
  },
});

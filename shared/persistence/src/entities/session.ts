import { defineEntity, p } from '@mikro-orm/core';

/** A session as it stands: its state, and beside it only what is searched by. Source of truth together with its events. */
export const SessionEntity = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  indexes: [
    {
      name: 'sessions_by_tenant',
      expression: 'create index "sessions_by_tenant" on "sessions" ("tenant", "id" desc) where "deleted_at" is null',
    },
    {
      name: 'sessions_waiting',
      expression:
        'create index "sessions_waiting" on "sessions" ("priority", "waiting_since", "id") where "waiting_since" is not null',
    },
    {
      name: 'sessions_with_timer',
      expression: 'create index "sessions_with_timer" on "sessions" ("timer_at") where "timer_at" is not null',
    },
    {
      name: 'sessions_with_attempt',
      expression: 'create index "sessions_with_attempt" on "sessions" ("server_id") where "attempt_open"',
    },
    {
      name: 'sessions_paused_in_place',
      expression:
        'create index "sessions_paused_in_place" on "sessions" ("directory") where "status" = \'paused\' and "workspace" = \'in_place\'',
    },
    {
      name: 'sessions_depending',
      expression:
        'create index "sessions_depending" on "sessions" ("id") where "status" = \'pending\' and "depends_on" is not null',
    },
    {
      name: 'sessions_depended_on',
      expression:
        'create index "sessions_depended_on" on "sessions" using gin ("depends_on") with (fastupdate = off) where "status" = \'pending\' and "depends_on" is not null',
    },
    {
      name: 'sessions_by_key',
      expression:
        'create index "sessions_by_key" on "sessions" ("tenant", "concurrency_key") where "concurrency_key" is not null and "status" in (\'pending\', \'queued\', \'running\', \'paused\', \'degraded\')',
    },
    {
      name: 'sessions_superseding',
      expression:
        'create index "sessions_superseding" on "sessions" ("tenant", "concurrency_key") where "supersedes" and "waiting_since" is not null',
    },
    {
      name: 'sessions_by_parent',
      expression: 'create index "sessions_by_parent" on "sessions" ("parent_id") where "parent_id" is not null',
    },
    {
      name: 'sessions_children_unended',
      expression:
        'create index "sessions_children_unended" on "sessions" ("parent_id") where "parent_id" is not null and "status" in (\'pending\', \'queued\', \'running\', \'paused\', \'degraded\')',
    },
    {
      name: 'sessions_partly_completed',
      expression:
        'create index "sessions_partly_completed" on "sessions" ("id") where "status" = \'partially_completed\'',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    tenant: p.text(),
    status: p.text(),
    /** Rank: 0 is critical. */
    priority: p.smallint(),
    parentId: p.uuid().nullable(),
    tags: p.array().columnType('text[]'),
    directory: p.text(),
    workspace: p.text(),
    model: p.text().nullable(),
    /** The client's own: so many of its tenant's sessions with the same key may work at the same time. */
    concurrencyKey: p.text().nullable(),
    /** Set where it takes the place of others with its key as long as it waits. */
    supersedes: p.boolean().nullable(),
    /** The sessions that must end before it is queued; null without any. */
    dependsOn: p.array().columnType('uuid[]').nullable(),
    /** Incarnation of the worker that owns it. */
    owner: p.uuid().nullable(),
    ownerEpoch: p.bigint('number'),
    version: p.bigint('number'),
    /** Set while it wants a slot. */
    waitingSince: p.datetime().columnType('timestamptz(3)').nullable(),
    /** When its next timer is due. */
    timerAt: p.datetime().columnType('timestamptz(3)').nullable(),
    serverId: p.text().nullable(),
    /** Whether something of its last run may still work on the server. */
    attemptOpen: p.boolean(),
    /** What changes of the snapshot; the rest stands in the first event. */
    state: p.json().columnType('json'),
    createdAt: p.datetime().columnType('timestamptz(3)'),
    updatedAt: p.datetime().columnType('timestamptz(3)'),
    deletedAt: p.datetime().columnType('timestamptz(3)').nullable(),
  },
});

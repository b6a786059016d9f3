import { defineEntity, p } from '@mikro-orm/core';
import { ONCE_PER_COMMAND } from '../once-per-command.ts';

/** History, audit log, duplicate check and outbox in one. `seq` is the version of the session after the event. */
export const SessionEventEntity = defineEntity({
  name: 'SessionEvent',
  tableName: 'session_events',
  indexes: [
    {
      name: ONCE_PER_COMMAND,
      expression:
        'create unique index "session_events_once_per_command" on "session_events" ("session_id", "command_id") where "command_id" is not null',
    },
    {
      name: 'session_events_to_publish',
      expression: 'create index "session_events_to_publish" on "session_events" ("xid", "position")',
    },
  ],
  properties: {
    sessionId: p.uuid().primary(),
    seq: p.bigint('number').primary(),
    type: p.text(),
    data: p.json().columnType('json'),
    commandId: p.text().nullable(),
    epoch: p.bigint('number'),
    cause: p.json().columnType('json'),
    at: p.datetime().columnType('timestamptz(3)'),
    /** Order within its transaction, and within its session. Between transactions it says nothing: they commit in any order. */
    position: p.bigint('string').columnType('bigint').autoincrement(),
    /** The transaction that committed it: once all older ones have ended, nothing can appear before it any more. */
    xid: p.string().columnType('xid8').defaultRaw('pg_current_xact_id()'),
  },
});

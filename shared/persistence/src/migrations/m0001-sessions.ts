import { Migration } from '@mikro-orm/migrations';

export class M0001Sessions extends Migration {
  override up(): void {
    for (const statement of STATEMENTS) this.addSql(statement);
  }
}

const STATEMENTS = [
  `create table "idempotency_keys" ("tenant" text not null, "key" text not null, "request_hash" text not null, "session_id" uuid not null, "command_id" text not null, "created_at" timestamptz(3) not null default now(), primary key ("tenant", "key"))`,
  `create table "leaders" ("role" text not null, "holder" uuid not null, "epoch" bigint not null, "lease_until" timestamptz(3) not null, primary key ("role"))`,
  `create table "sessions" ("id" uuid not null, "tenant" text not null, "status" text not null, "priority" smallint not null, "parent_id" uuid null, "tags" text[] not null, "directory" text not null, "workspace" text not null, "owner" uuid null, "owner_epoch" bigint not null, "version" bigint not null, "waiting_since" timestamptz(3) null, "timer_at" timestamptz(3) null, "server_id" text null, "attempt_open" boolean not null, "snapshot" jsonb not null, "created_at" timestamptz(3) not null, "updated_at" timestamptz(3) not null, "deleted_at" timestamptz(3) null, primary key ("id"))`,
  `create index "sessions_by_tenant" on "sessions" ("tenant", "id" desc) where "deleted_at" is null`,
  `create index "sessions_waiting" on "sessions" ("priority", "waiting_since", "id") where "waiting_since" is not null`,
  `create index "sessions_with_timer" on "sessions" ("timer_at") where "timer_at" is not null`,
  `create index "sessions_with_attempt" on "sessions" ("server_id") where "attempt_open"`,
  `create index "sessions_paused_in_place" on "sessions" ("directory") where "status" = 'paused' and "workspace" = 'in_place'`,
  `create index "sessions_by_parent" on "sessions" ("parent_id") where "parent_id" is not null`,
  `create table "session_events" ("session_id" uuid not null, "seq" bigint not null, "type" text not null, "data" jsonb not null, "command_id" text null, "epoch" bigint not null, "cause" jsonb not null, "at" timestamptz(3) not null, primary key ("session_id", "seq"))`,
  `create unique index "session_events_once_per_command" on "session_events" ("session_id", "command_id") where "command_id" is not null`,
  `create table "workers" ("incarnation" uuid not null, "lease_until" timestamptz(3) not null, "started_at" timestamptz(3) not null, "host" text not null, "pid" int not null, primary key ("incarnation"))`,
];

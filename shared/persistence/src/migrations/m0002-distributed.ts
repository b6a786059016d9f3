import { Migration } from '@mikro-orm/migrations';

export class M0002Distributed extends Migration {
  override up(): void {
    for (const statement of STATEMENTS) this.addSql(statement);
  }
}

const STATEMENTS = [
  // false for the workers of before: they hold no lock that could tell of their end.
  `alter table "workers" add column "locked" boolean not null default false`,
  `alter table "session_events" add column "position" bigserial not null, add column "xid" xid8 not null default pg_current_xact_id()`,
  `create index "session_events_to_publish" on "session_events" ("xid", "position")`,
  `create table "relay_cursors" ("name" text not null, "xid" xid8 not null, "position" bigint not null, "updated_at" timestamptz(3) not null default now(), primary key ("name"))`,
  // What is there already was published by those who committed it; all of it now bears the id of this transaction.
  `insert into "relay_cursors" ("name", "xid", "position") select 'events', pg_current_xact_id(), coalesce(max("position"), 0) from "session_events"`,
  `create table "dead_letters" ("id" uuid not null, "subject" text not null, "consumer" text not null, "reason" text not null, "detail" text not null, "payload" text not null, "encoding" text not null, "truncated" boolean not null, "received_at" timestamptz(3) not null default now(), "replayed_at" timestamptz(3) null, primary key ("id"))`,
  `create table "run_fences" ("session_id" uuid not null, "fence" bigint not null, "gateway" uuid not null, "at" timestamptz(3) not null default now(), primary key ("session_id"))`,
  `create table "servers" ("id" text not null, "url" text not null, "credentials" text null, "keeper" uuid null, "keeper_until" timestamptz(3) null, "capacity" int not null, "managed" boolean not null, "updated_at" timestamptz(3) not null default now(), primary key ("id"))`,
];

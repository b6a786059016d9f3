import { Migration } from '@mikro-orm/migrations';

/** Sessions that are submitted at the times of a cron line, and what became of each of these times. */
export class M0011Schedules extends Migration {
  override up(): void {
    this.addSql(
      `create table "schedules" ("id" uuid not null, "tenant" text not null, "name" text not null, "cron" text not null, "time_zone" text not null, "overlap" text not null, "catch_up_limit" int not null, "paused" boolean not null, "session" json not null, "created_by" text not null, "created_at" timestamptz(3) not null default now(), "updated_at" timestamptz(3) not null default now(), "version" int not null default 1, "next_fire_at" timestamptz(3) null, primary key ("id"))`,
    );
    this.addSql(`create unique index "schedules_by_name" on "schedules" ("tenant", "name")`);
    this.addSql(`create index "schedules_of_tenant" on "schedules" ("tenant", "id")`);
    this.addSql(`create index "schedules_due" on "schedules" ("next_fire_at") where "next_fire_at" is not null`);
    this.addSql(
      `create table "schedule_fires" ("session_id" uuid not null, "schedule_id" uuid not null, "at" timestamptz(3) not null, "by_hand" boolean not null, "outcome" text not null, "detail" text null, primary key ("session_id"))`,
    );
    this.addSql(`create index "schedule_fires_of" on "schedule_fires" ("schedule_id", "at")`);
    this.addSql(
      `create index "schedule_fires_pending" on "schedule_fires" ("schedule_id", "at") where "outcome" = 'pending'`,
    );
  }
}

import { Migration } from '@mikro-orm/migrations';

/** Totals over the history, with the place up to which they are counted. */
export class M0014CountedHistories extends Migration {
  override up(): void {
    this.addSql(
      `create table "counted_histories" ("name" text not null, "xid" xid8 not null, "position" bigint not null, "totals" json not null, "saved_at" timestamptz(3) not null default now(), primary key ("name"))`,
    );
  }
}

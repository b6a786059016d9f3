import { Migration } from '@mikro-orm/migrations';

/** What operators have limited, and what sessions count for. */
export class M0007Limits extends Migration {
  override up(): void {
    this.addSql(`create table "limits" ("name" text not null, "rules" json not null, primary key ("name"))`);
    this.addSql(`alter table "sessions" add column "model" text null, add column "concurrency_key" text null`);
  }
}

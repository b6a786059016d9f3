import { Migration } from '@mikro-orm/migrations';

/** Models that their providers, or operators, have closed until a time. */
export class M0012Quotas extends Migration {
  override up(): void {
    this.addSql(
      `create table "quotas" ("name" text not null, "reset_at" timestamptz(3) not null, "is_open" boolean not null, "closed_by" text not null, "said" text not null, "shortened" boolean not null, "by_default" boolean not null, "changed_at" timestamptz(3) not null, primary key ("name"))`,
    );
  }
}

import { Migration } from '@mikro-orm/migrations';

/** What a session waits for, so that one look finds those that need not wait any more. */
export class M0009Dependencies extends Migration {
  override up(): void {
    this.addSql(`alter table "sessions" add column "depends_on" uuid[] null`);
    const waiting = `where "status" = 'pending' and "depends_on" is not null`;
    this.addSql(`create index "sessions_depending" on "sessions" ("id") ${waiting}`);
    this.addSql(
      `create index "sessions_depended_on" on "sessions" using gin ("depends_on") with (fastupdate = off) ${waiting}`,
    );
  }
}

import { Migration } from '@mikro-orm/migrations';

/** What agents ask people. */
export class M0008Approvals extends Migration {
  override up(): void {
    this.addSql(
      `create table "approvals" ("id" uuid not null, "session_id" uuid not null, "tenant" text not null, "status" text not null, "request_id" text not null, "record" json not null, primary key ("id"))`,
    );
    this.addSql(`create index "approvals_of_tenant" on "approvals" ("tenant", "id")`);
    this.addSql(`create index "approvals_pending" on "approvals" ("tenant", "id") where "status" = 'pending'`);
    this.addSql(`create index "approvals_of_session" on "approvals" ("session_id", "id")`);
  }
}

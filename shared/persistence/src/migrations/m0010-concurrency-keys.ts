import { Migration } from '@mikro-orm/migrations';

/** Who counts for a client's concurrency key, and who waits to take the place of others. */
export class M0010ConcurrencyKeys extends Migration {
  override up(): void {
    this.addSql(`alter table "sessions" add column "supersedes" boolean null`);
    this.addSql(
      `create index "sessions_by_key" on "sessions" ("tenant", "concurrency_key") where "concurrency_key" is not null and "status" in ('pending', 'queued', 'running', 'paused', 'degraded')`,
    );
    this.addSql(
      `create index "sessions_superseding" on "sessions" ("tenant", "concurrency_key") where "supersedes" and "waiting_since" is not null`,
    );
  }
}

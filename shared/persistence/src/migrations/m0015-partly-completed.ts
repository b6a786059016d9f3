import { Migration } from '@mikro-orm/migrations';

/** Parents that wait for children to be retried are found without all others. */
export class M0015PartlyCompleted extends Migration {
  override up(): void {
    this.addSql(`create index "sessions_partly_completed" on "sessions" ("id") where "status" = 'partially_completed'`);
  }
}

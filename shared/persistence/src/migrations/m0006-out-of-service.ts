import { Migration } from '@mikro-orm/migrations';

/** A server on which a turn could not be shown to have ended. */
export class M0006OutOfService extends Migration {
  override up(): void {
    this.addSql(`alter table "servers" add column "out_of_service" text null`);
  }
}

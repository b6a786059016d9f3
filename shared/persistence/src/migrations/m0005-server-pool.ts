import { Migration } from '@mikro-orm/migrations';

/** How the servers are, for operators and for gateways other than the keeper. */
export class M0005ServerPool extends Migration {
  override up(): void {
    this.addSql(
      `alter table "servers" add column "drain_asked" boolean not null default false, add column "draining" text null, add column "observed" json null, add column "observed_at" timestamptz(3) null`,
    );
  }
}

import { Migration } from '@mikro-orm/migrations';

/** Every session is written several times, and what is left of a former version stands in every index until it is cleared away. */
const WRITTEN_OFTEN = ['sessions', 'run_fences'];
const ANALYZED = 'autovacuum_analyze_threshold = 500, autovacuum_analyze_scale_factor = 0.05';
const UNENDED = `('pending', 'queued', 'running', 'paused', 'degraded')`;

/**
 * Tables are vacuumed and analyzed after hundreds of changes and a fiftieth of their rows, not a fifth: of a million sessions 200,000
 * dead ones would be looked through. And children that have not ended are found without those that have.
 */
export class M0013Upkeep extends Migration {
  override up(): void {
    for (const table of WRITTEN_OFTEN)
      this.addSql(
        `alter table "${table}" set (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.02, ${ANALYZED})`,
      );
    this.addSql(`alter table "session_events" set (${ANALYZED})`);
    this.addSql(
      `create index "sessions_children_unended" on "sessions" ("parent_id") where "parent_id" is not null and "status" in ${UNENDED}`,
    );
  }
}

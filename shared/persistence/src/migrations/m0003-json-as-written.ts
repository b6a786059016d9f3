import { Migration } from '@mikro-orm/migrations';

/**
 * Documents are stored as they are written: nothing searches in them, and to take one apart, sort its keys and compress it
 * cost more than all the rest of a commit. Rows stay whole up to a page; with half a page left free, the next version of a
 * session lands beside the present one, and what is outdated there goes without a vacuum.
 */
export class M0003JsonAsWritten extends Migration {
  override up(): void {
    for (const statement of STATEMENTS) this.addSql(statement);
  }
}

const STATEMENTS = [
  `alter table "sessions" set (toast_tuple_target = 8160, fillfactor = 50)`,
  `alter table "session_events" set (toast_tuple_target = 8160)`,
  `alter table "sessions" alter column "snapshot" type json`,
  `alter table "session_events" alter column "data" type json, alter column "cause" type json`,
];

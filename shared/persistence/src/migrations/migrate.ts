import type { MikroORM } from '@mikro-orm/postgresql';
import { Client } from 'pg';

/** Any number will do; nobody else may use it on this database. */
const LOCK = 7_351_001;

/** Brings the schema up to date. Of processes that start together one does it while the others wait. */
export async function migrate(orm: MikroORM, url: string): Promise<void> {
  // On a connection of its own, so that the lock ends with it in any case.
  const holder = new Client({ connectionString: url, application_name: 'oio migrations', keepAlive: true });
  holder.on('error', () => {});
  try {
    await holder.connect();
    await holder.query('select pg_advisory_lock($1)', [LOCK]);
    await orm.migrator.up();
  } finally {
    await holder.end();
  }
}

import { EXIT_CODE, StartupError } from '@oio/errors';
import { Client } from 'pg';
import { createOrm } from '../orm.ts';
import { MIGRATIONS } from './migrations-list.ts';

/** Any number will do; nobody else may use it on this database. */
const LOCK = 7_351_001;

/** One statement, on whichever connection. */
type Read = <Row>(sql: string) => Promise<readonly Row[]>;

/**
 * Brings the schema up to date. Of processes that start together one does it while the others wait; where nothing is to be
 * done, which `read` tells, nobody waits or connects. Throws StartupError when the database is of a newer version than this
 * program, and changes nothing then.
 */
export async function migrate(url: string, read: Read): Promise<void> {
  if (await isUpToDate(read)) return;
  // On a connection of its own, so that the lock ends with it in any case.
  const holder = new Client({
    connectionString: url,
    application_name: 'oio migrations',
    connectionTimeoutMillis: 30_000,
    keepAlive: true,
  });
  holder.on('error', () => {});
  try {
    await holder.connect();
    await holder.query('select pg_advisory_lock($1)', [LOCK]);
    if (!(await isUpToDate((sql) => readOn(holder, sql)))) await executePending(url);
  } finally {
    await holder.end();
  }
}

async function isUpToDate(read: Read): Promise<boolean> {
  const executed = await executedBy(read);
  assertKnown(executed);
  return executed.length === MIGRATIONS.length;
}

async function executedBy(read: Read): Promise<readonly string[]> {
  const [table] = await read<{ exists: boolean }>("select to_regclass('mikro_orm_migrations') is not null as exists");
  if (!table?.exists) return [];
  return (await read<{ name: string }>('select name from mikro_orm_migrations')).map(({ name }) => name);
}

function assertKnown(executed: readonly string[]): void {
  const known: ReadonlySet<string> = new Set(MIGRATIONS.map(({ name }) => name));
  const unknown = executed.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new StartupError(
    `The database has been upgraded by a newer version of this program (${unknown.join(', ')}). ` +
      'Start that version, or restore a backup from before the upgrade; nothing was changed.',
    EXIT_CODE.config,
  );
}

async function readOn<Row>(holder: Client, sql: string): Promise<readonly Row[]> {
  const { rows } = await holder.query<Row & object>(sql);
  return rows;
}

/** A migration takes as long as it takes. */
async function executePending(url: string): Promise<void> {
  const orm = await createOrm(url, { connections: 2, unhurried: true });
  try {
    await orm.migrator.up();
  } finally {
    await orm.close(true);
  }
}

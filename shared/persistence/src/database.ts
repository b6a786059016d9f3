import type { MikroORM } from '@mikro-orm/postgresql';
import { EXIT_CODE, StartupError, UnavailableError } from '@oio/errors';
import type { DependencyHealth } from '@oio/runtime';
import { Answers } from './answers.ts';
import { createDatabaseHealth } from './database-health.ts';
import type { PoolOptions } from './orm.ts';
import { createErrorCount } from './error-count.ts';
import { type QueryOptions, runQuery } from './run-query.ts';
import { runTransaction } from './run-transaction.ts';
import { untilConnected, type WaitOptions } from './until-connected.ts';

/** One statement, within something. */
export type Query = <Row>(sql: string, parameters?: readonly unknown[], options?: QueryOptions) => Promise<Row[]>;

/** The one handle of a process on PostgreSQL: a pool of connections, on a schema that is up to date. */
export interface Database extends AsyncDisposable {
  /**
   * One statement with `$1 …` parameters. bigint and numeric come as strings unless cast. Throws `UnavailableError` code
   * `database_unavailable` when there was no connection or it was lost: whether the statement was executed is unknown
   * then. What the server has against the statement itself is thrown as the driver has it (`DatabaseError`).
   */
  query<Row>(sql: string, parameters?: readonly unknown[], options?: QueryOptions): Promise<Row[]>;
  /**
   * Several statements in one transaction, read committed. The task must not throw errors of its own: what it finds out it
   * returns. Throws like `query`; what was done is taken back then, unless the connection was lost while it was committed.
   */
  transaction<T>(task: (query: Query) => Promise<T>): Promise<T>;
  /** The database's clock. */
  now(): Promise<Date>;
  /** How it does: latency, connections, size, errors by kind since the start. Answers within 2 s, whatever happens. */
  health(): Promise<DependencyHealth>;
  /** Whether it answers, by what the latest statements met; asks nothing. */
  readonly isThere: boolean;
  readonly orm: MikroORM;
}

/**
 * Connects, brings the schema up to date and returns the handle. Throws StartupError: at once when the server refuses us or
 * is of no use (credentials, database, permission, version, a newer schema), otherwise when it did not come in time.
 */
export async function openDatabase(url: string, options: PoolOptions & WaitOptions = {}): Promise<Database> {
  assertUrl(url);
  // The mapper is half of what a process loads: who refuses to start, or needs no database, does without.
  const [{ createOrm }, { migrate }] = await Promise.all([import('./orm.ts'), import('./migrations/migrate.ts')]);
  const database = await handle(await createOrm(url, options));
  try {
    await untilConnected(url, options, async () => {
      await assertVersion(database);
      await migrate(url, (sql) => database.query(sql));
    });
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

async function handle(orm: MikroORM): Promise<Database> {
  const pool = await orm.em.getConnection().getNativeClient();
  const errors = createErrorCount();
  const answers = new Answers(pool);
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await answers.of(work);
    } catch (error) {
      errors.add(error);
      throw error;
    }
  };
  const query = <Row>(sql: string, parameters: readonly unknown[] = [], options: QueryOptions = {}) =>
    counted(() => runQuery<Row>(pool, sql, parameters, options));
  return {
    orm,
    query,
    transaction: (task) => counted(() => runTransaction(pool, task)),
    health: createDatabaseHealth({ pool, query, errors, answers }),
    get isThere() {
      return answers.isThere;
    },
    async now() {
      const [row] = await query<{ now: Date }>('select now() as now');
      if (!row) throw new UnavailableError('The database did not tell the time.');
      return new Date(row.now);
    },
    async [Symbol.asyncDispose]() {
      await orm.close(true);
      // It does not end a pool that it has not used itself.
      if (!pool.ended) await pool.end();
    },
  };
}

/** Any Postgres from this major version on. */
const OLDEST_MAJOR = 15;

async function assertVersion(database: Pick<Database, 'query'>): Promise<void> {
  const [row] = await database.query<{ version: number }>(
    "select current_setting('server_version_num')::int / 10000 as version",
  );
  if ((row?.version ?? 0) >= OLDEST_MAJOR) return;
  throw new StartupError(
    `PostgreSQL ${OLDEST_MAJOR} or newer is needed; the server is version ${row?.version}.`,
    EXIT_CODE.unavailable,
  );
}

function assertUrl(url: string): void {
  if (URL.canParse(url)) return;
  throw new StartupError('DATABASE_URL must look like postgres://user:password@host:5432/database.', EXIT_CODE.config);
}

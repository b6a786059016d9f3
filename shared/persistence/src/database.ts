import type { MikroORM } from '@mikro-orm/postgresql';
import { EXIT_CODE, StartupError, UnavailableError } from '@oio/errors';
import { migrate } from './migrations/migrate.ts';
import { createOrm, type PoolOptions } from './orm.ts';
import { type QueryOptions, runQuery } from './run-query.ts';

/** How often a connection is tried at start-up, and the first pause between two tries; each further one is twice as long. */
const CONNECT = { tries: 3, firstPauseMs: 1_000 } as const;
/** Any Postgres from this major version on. */
const OLDEST_MAJOR = 15;

export interface Database extends AsyncDisposable {
  /**
   * One statement with `$1 …` parameters. bigint and numeric come as strings unless cast. Throws `UnavailableError` code
   * `database_unavailable` when there was no connection or it was lost: whether the statement was executed is unknown
   * then. What the server has against the statement itself is thrown as the driver has it (`DatabaseError`).
   */
  query<Row>(sql: string, parameters?: readonly unknown[], options?: QueryOptions): Promise<Row[]>;
  /** The database's clock. */
  now(): Promise<Date>;
  readonly orm: MikroORM;
}

/** Connects, brings the schema up to date and returns the handle. Throws StartupError. */
export async function openDatabase(url: string, pool: PoolOptions = {}): Promise<Database> {
  assertUrl(url);
  const orm = await createOrm(url, pool);
  try {
    const database = await handle(orm);
    await connect(database);
    await migrate(orm, url);
    return database;
  } catch (error) {
    await orm.close(true);
    throw startupError(error, url);
  }
}

async function handle(orm: MikroORM): Promise<Database> {
  const pool = await orm.em.getConnection().getNativeClient();
  const query: Database['query'] = (sql, parameters = [], options = {}) => runQuery(pool, sql, parameters, options);
  return {
    orm,
    query,
    async now() {
      const [row] = await query<{ now: Date }>('select now() as now');
      if (!row) throw new UnavailableError('The database did not tell the time.');
      return new Date(row.now);
    },
    async [Symbol.asyncDispose]() {
      await orm.close(true);
    },
  };
}

async function connect(database: Database): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [row] = await database.query<{ version: number }>(
        "select current_setting('server_version_num')::int / 10000 as version",
      );
      if ((row?.version ?? 0) >= OLDEST_MAJOR) return;
      throw new StartupError(
        `PostgreSQL ${OLDEST_MAJOR} or newer is needed; the server is version ${row?.version}.`,
        EXIT_CODE.unavailable,
      );
    } catch (error) {
      if (error instanceof StartupError || attempt >= CONNECT.tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, CONNECT.firstPauseMs * 2 ** (attempt - 1)));
    }
  }
}

function assertUrl(url: string): void {
  if (URL.canParse(url)) return;
  throw new StartupError('DATABASE_URL must look like postgres://user:password@host:5432/database.', EXIT_CODE.config);
}

/** In words, and without the password that is in the URL. */
function startupError(error: unknown, url: string): StartupError {
  if (error instanceof StartupError) return error;
  const { host, pathname } = new URL(url);
  const cause = error instanceof UnavailableError ? error.cause : error;
  const reason = cause instanceof Error ? cause.message || String((cause as { code?: string }).code) : String(cause);
  return new StartupError(`The database at ${host}${pathname} cannot be used: ${reason}`, EXIT_CODE.unavailable, {
    cause: error,
  });
}

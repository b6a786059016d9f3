import type { MikroORM } from '@mikro-orm/postgresql';
import { EXIT_CODE, StartupError, UnavailableError } from '@oio/errors';
import { CompiledQuery } from 'kysely';
import { asUnavailable } from './database-unavailable.ts';
import { createOrm, type PoolOptions } from './orm.ts';

/** How often a connection is tried at start-up, and the first pause between two tries; each further one is twice as long. */
const CONNECT = { tries: 3, firstPauseMs: 1_000 } as const;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Any Postgres from this major version on. */
const OLDEST_MAJOR = 15;

export interface Database extends AsyncDisposable {
  /** One statement with `$1 …` parameters. bigint and numeric come as strings unless cast. Throws `UnavailableError` when the database cannot be asked at the moment; other errors are the driver's. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** The database's clock. */
  now(): Promise<Date>;
  readonly orm: MikroORM;
}

/** Connects, brings the schema up to date and returns the handle. Throws StartupError. */
export async function openDatabase(url: string, pool: PoolOptions = {}): Promise<Database> {
  const orm = await createOrm(withStatementTimeout(url), pool);
  try {
    const database = handle(orm);
    await connect(database);
    await orm.migrator.up();
    return database;
  } catch (error) {
    await orm.close(true);
    throw startupError(error, url);
  }
}

function handle(orm: MikroORM): Database {
  const kysely = orm.em.fork().getKysely();
  const query = async <Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> => {
    try {
      const { rows } = await kysely.executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]));
      return rows;
    } catch (error) {
      throw asUnavailable(error);
    }
  };
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

function withStatementTimeout(url: string): string {
  const parsed = parseUrl(url);
  if (!parsed.searchParams.has('options'))
    parsed.searchParams.set('options', `-c statement_timeout=${STATEMENT_TIMEOUT_MS}`);
  return parsed.href;
}

function parseUrl(url: string): URL {
  if (!URL.canParse(url))
    throw new StartupError(
      'DATABASE_URL must look like postgres://user:password@host:5432/database.',
      EXIT_CODE.config,
    );
  return new URL(url);
}

function startupError(error: unknown, url: string): StartupError {
  if (error instanceof StartupError) return error;
  const { host, pathname } = parseUrl(url);
  const told = error instanceof UnavailableError && error.cause !== undefined ? error.cause : error;
  const reason = told instanceof Error ? told.message || String((told as { code?: string }).code) : String(told);
  return new StartupError(`The database at ${host}${pathname} cannot be used: ${reason}`, EXIT_CODE.unavailable, {
    cause: error,
  });
}

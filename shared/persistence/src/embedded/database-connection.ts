import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { Client, DatabaseError } from 'pg';
import { DATABASE_NAME } from './create-cluster.ts';
import type { DatabaseLayout } from './database-layout.ts';
import type { ServerProcess } from './launch-server.ts';
import { readLogEnd, usefulLines } from './server-log.ts';

/**
 * Proves that the server is the one on our data and takes our password, makes the database if it is not there yet, and
 * answers its URL. Throws StartupError.
 */
export async function openDatabase(layout: DatabaseLayout, server: ServerProcess): Promise<string> {
  const password = await readPassword(layout);
  const url = (database: string) => `postgres://${DATABASE_NAME}:${password}@127.0.0.1:${server.port}/${database}`;
  try {
    await onceRecovered(() => verify(url(DATABASE_NAME), server)).catch(async (error) => {
      if (!hasCode(error, 'invalid_catalog_name')) throw error;
      await createDatabase(url('postgres'), error);
      await verify(url(DATABASE_NAME), server);
    });
  } catch (error) {
    throw await connectionFailure(layout, server, error);
  }
  return url(DATABASE_NAME);
}

async function readPassword(layout: DatabaseLayout): Promise<string> {
  try {
    return (await readFile(layout.password, 'utf8')).trim();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new StartupError(
      `The password of the database was expected in ${layout.password}, and that file is missing. ` +
        `Restore it from a backup, or move ${layout.directory} away to begin with an empty database.`,
      EXIT_CODE.storage,
    );
  }
}

/** A server recovers from the crash of one of its processes by itself, calls itself ready meanwhile, and hangs up. */
async function onceRecovered(connect: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + RECOVERY_MS;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (!mayPass(error) || performance.now() > deadline) throw error;
      await delay(RETRY_EVERY_MS);
    }
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof DatabaseError) return hasCode(error, 'cannot_connect_now');
  return error instanceof Error && /ECONNRE|terminated/.test(error.message);
}

const RECOVERY_MS = 10_000;
const RETRY_EVERY_MS = 100;

/** SCRAM proves both sides to each other; the process id in the server's own file proves whose data it serves. */
async function verify(url: string, server: ServerProcess): Promise<void> {
  const file = await query(url, "SELECT pg_read_file('postmaster.pid') AS answer");
  if (Number.parseInt(file, 10) === server.pid) return;
  throw new StartupError(
    `Another PostgreSQL than the expected one (process ${server.pid}) answers on port ${server.port} of 127.0.0.1.`,
    EXIT_CODE.unavailable,
  );
}

async function query(url: string, sql: string): Promise<string> {
  const client = new Client({
    connectionString: url,
    ssl: false,
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  // An error while nothing is being asked has no one to go to, and would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ answer: string }>(sql);
    return rows[0]?.answer ?? '';
  } finally {
    await client.end();
  }
}

const ANSWER_MS = 30_000;

/** https://www.postgresql.org/docs/18/errcodes-appendix.html */
const CODES = {
  cannot_connect_now: '57P03',
  duplicate_database: '42P04',
  invalid_authorization_specification: '28000',
  invalid_catalog_name: '3D000',
  invalid_password: '28P01',
} as const;

function hasCode(error: unknown, ...names: readonly (keyof typeof CODES)[]): boolean {
  return error instanceof DatabaseError && names.some((name) => CODES[name] === error.code);
}

/** A database that is listed and yet missing has lost its files: then the first error is the one that tells. */
async function createDatabase(url: string, missing: unknown): Promise<void> {
  try {
    await query(url, `CREATE DATABASE ${DATABASE_NAME}`);
  } catch (error) {
    throw hasCode(error, 'duplicate_database') ? missing : error;
  }
}

async function connectionFailure(layout: DatabaseLayout, server: ServerProcess, cause: unknown): Promise<unknown> {
  if (cause instanceof StartupError || !(cause instanceof Error)) return cause;
  const log = usefulLines(await readLogEnd(layout.log).catch(() => ''));
  const said = `Its log ends with (more in ${layout.log}):\n${log}`;
  if (!(cause instanceof DatabaseError)) {
    return new StartupError(
      `PostgreSQL (process ${server.pid}) on ${layout.data} does not answer on port ${server.port}: ${cause.message}. ${said}\n` +
        `If it still runs, end it (kill -9 ${server.pid}), then start again; nothing that was committed is lost.`,
      EXIT_CODE.unavailable,
      { cause },
    );
  }
  const advice = hasCode(cause, 'invalid_password', 'invalid_authorization_specification')
    ? `The password in ${layout.password} is not that of the database: restore the one that belongs to it`
    : `If that names nothing that you can put right, the database is damaged: restore ${layout.directory} from a backup`;
  return new StartupError(
    `PostgreSQL on ${layout.data} refused the connection: ${cause.message}. ${said}\n` +
      `${advice}, or move ${layout.directory} away to begin with an empty one.`,
    EXIT_CODE.storage,
    { cause },
  );
}

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { Client } from 'pg';
import { databaseLayout } from '../../src/embedded/database-layout.ts';
import { pollFor } from '../../src/embedded/poll-for.ts';
import { findServer } from '../../src/embedded/postmaster-file.ts';
import { startEmbeddedPostgres } from '../../src/embedded/start-embedded-postgres.ts';
import { stopServer } from '../../src/embedded/stop-server.ts';

/** A path for a database, below a fresh directory that only its owner may enter. Server and files go with the test. */
export async function databaseDirectory(t: ExecutionContext): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'oio-postgres-'));
  const directory = join(parent, 'database');
  t.teardown(async () => {
    const found = await findServer(databaseLayout(directory).data).catch(() => undefined);
    if (found?.state === 'ready') await stopServer(databaseLayout(directory).data, found.pid);
    await rm(parent, { recursive: true, force: true });
  });
  return directory;
}

/** A directory with a database that was started once and stopped. */
export async function stoppedDatabase(t: ExecutionContext): Promise<string> {
  const directory = await databaseDirectory(t);
  original ??= makeOriginal();
  await promisify(execFile)('cp', ['-a', await original, directory]);
  return directory;
}

let original: Promise<string> | undefined;

async function makeOriginal(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'oio-postgres-original-'));
  const server = await startEmbeddedPostgres({ directory: join(parent, 'database') });
  await server.stop();
  return join(parent, 'database');
}

/** Removes what `stoppedDatabase` copied from; for `test.after.always`. */
export async function removeOriginal(): Promise<void> {
  if (original !== undefined) await rm(join(await original, '..'), { recursive: true, force: true });
}

/** Rows of one statement on a connection of its own. */
export async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  // A server that goes away while nothing is asked would otherwise end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A transaction that goes on for ten minutes. */
export async function sleep(url: string): Promise<void> {
  await ask(url, 'SELECT pg_sleep(600)');
}

/** Resolves once a transaction of `sleep` is under way. */
export async function sleeping(url: string): Promise<void> {
  const seen = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  await pollFor(async () => ((await ask(url, seen)).length > 0 ? true : undefined), { withinMs: 20_000 });
}

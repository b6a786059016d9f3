import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../database.ts';
import { startEmbeddedPostgres } from '../embedded/start-embedded-postgres.ts';
import { administrate } from './administrate.ts';
import { templateOn } from './template-database.ts';

/** The variable that names a server to make test databases on: set for the whole run, so that each file does not start its own. */
export const TEST_SERVER_VARIABLE = 'OIO_TEST_DATABASE_URL';

/**
 * Its databases live for seconds and outlive no crash, and each drop of one is a checkpoint. What is tried of a server that
 * crashes is tried on servers of their own.
 */
const FOR_SECONDS = { autovacuum_naptime: '1h', fsync: 'off', full_page_writes: 'off', wal_compression: 'off' };
/** Each costs its server as much as hundreds of statements. */
const CONNECTIONS = 5;

export interface TestDatabase extends AsyncDisposable {
  readonly database: Database;
  /** For further connections to the same database. */
  readonly url: string;
}

/**
 * A fresh database with the whole schema, on the server that is named, else on the test run's, else on an embedded one of
 * its own; gone afterwards.
 */
export async function openTestDatabase(named?: string): Promise<TestDatabase> {
  await using stack = new AsyncDisposableStack();
  const server = named ?? process.env[TEST_SERVER_VARIABLE] ?? (await ownServer(stack));
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administrate(server, `create database ${name} template ${await templateOn(server)} strategy file_copy`);
  stack.defer(async () => void (await administrate(server, `drop database ${name} with (force)`)));
  const url = new URL(server);
  url.pathname = `/${name}`;
  const database = stack.use(await openDatabase(url.href, { connections: CONNECTIONS }));
  const owned = stack.move();
  return { database, url: url.href, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A server for any number of test databases: the test run's, else an embedded one that ends with what is returned. */
export async function openTestServer(): Promise<{ readonly url: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const url = process.env[TEST_SERVER_VARIABLE] ?? (await ownServer(stack));
  const owned = stack.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Starts a server in a temporary directory that goes away with the stack. Returns its URL. */
export async function ownServer(stack: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'oio-test-postgres-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const options = { directory: join(directory, 'postgres'), settings: FOR_SECONDS };
  const server = stack.use(await startEmbeddedPostgres(options));
  // It outlives its parent by design; a test process that is ended early must not leave it behind.
  const end = (): void => {
    process.kill(server.pid, 'SIGQUIT');
    waitForEnd(server.pid);
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', end);
  stack.defer(() => void process.off('exit', end));
  return server.url;
}

/** In an exit handler nothing but waiting in place is possible. */
function waitForEnd(pid: number): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  try {
    for (let waits = 0; waits < 100; waits += 1) {
      process.kill(pid, 0);
      Atomics.wait(clock, 0, 0, 20);
    }
  } catch {
    // It is gone.
  }
}

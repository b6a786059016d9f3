import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EXIT_CODE, StartupError } from '@oio/errors';
import type { DatabaseLayout } from './database-layout.ts';
import { pathForServer, runAs, type ServerAccount } from './server-account.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { usefulLines } from './server-log.ts';
import { asStorageError } from './storage-checks.ts';

export interface NewCluster {
  readonly layout: DatabaseLayout;
  readonly account: ServerAccount | undefined;
  readonly binaries: ServerBinaries;
}

/** The superuser, and the database that is made for the orchestrator. */
export const DATABASE_NAME = 'oio';

/** Major version of the data that is there; `none` without data, `unknown` when its PG_VERSION is missing or empty. */
export async function clusterVersion(layout: DatabaseLayout): Promise<string> {
  const entries = await readdir(layout.data).catch(ifMissing);
  if (entries === undefined) return 'none';
  const version = await readFile(join(layout.data, 'PG_VERSION'), 'utf8').catch(ifMissing);
  return version?.trim() || 'unknown';
}

/**
 * Runs initdb in a directory aside and renames the result to `layout.data` at the very end, so that an interrupted
 * first start leaves nothing that could be taken for a database. Replaces the password.
 */
export async function createCluster({ layout, account, binaries }: NewCluster): Promise<void> {
  await removeInterrupted(layout);
  const staging = await mkdtemp(join(layout.directory, STAGING));
  try {
    const password = randomBytes(24).toString('hex');
    await mkdir(join(staging, 'data'), { mode: 0o700 });
    await writePassword(join(staging, 'password'), password);
    await giveTo(account, [staging, join(staging, 'data'), join(staging, 'password')]);
    await runInitdb(staging, account, binaries);
    await rm(layout.password, { force: true });
    await writePassword(layout.password, password);
    await rename(join(staging, 'data'), layout.data);
    await syncDirectory(layout.directory);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const STAGING = 'initdb-';

/** An initdb whose parent was killed may still be at work in its directory; if so, that goes the next time. */
async function removeInterrupted(layout: DatabaseLayout): Promise<void> {
  const leftOver = (await readdir(layout.directory)).filter((name) => name.startsWith(STAGING));
  for (const name of leftOver) {
    await rm(join(layout.directory, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

async function runInitdb(staging: string, account: ServerAccount | undefined, binaries: ServerBinaries): Promise<void> {
  const data = join(staging, 'data');
  const seen = pathForServer(data, account);
  const options = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', '--data-checksums', '--no-instructions'];
  const args = [`--pgdata=${seen}`, `--username=${DATABASE_NAME}`, `--pwfile=${seen}/../password`, ...options];
  try {
    await promisify(execFile)(join(binaries.root, 'bin', 'initdb'), args, {
      cwd: data,
      ...runAs(account),
    });
  } catch (error) {
    throw initdbFailure(error, staging);
  }
}

function initdbFailure(error: unknown, staging: string): Error {
  const known = asStorageError(error, staging);
  if (known instanceof StartupError) return known;
  const output = usefulLines('stderr' in known ? String(known.stderr) : '') || `  ${known.message}`;
  return new StartupError(
    `PostgreSQL could not create its database in ${staging}. It said:\n${output}\nNothing was kept: put the cause right and start again.`,
    EXIT_CODE.storage,
    { cause: error },
  );
}

async function writePassword(path: string, password: string): Promise<void> {
  await writeFile(path, password, { mode: 0o600, flag: 'wx', flush: true });
}

async function giveTo(account: ServerAccount | undefined, paths: readonly string[]): Promise<void> {
  if (account === undefined) return;
  for (const path of paths) await chown(path, account.uid, account.gid);
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

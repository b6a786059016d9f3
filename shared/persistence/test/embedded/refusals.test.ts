import { chmod, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import test, { type ExecutionContext } from 'ava';
import { databaseLayout } from '../../src/embedded/database-layout.ts';
import { lockDirectory } from '../../src/embedded/directory-lock.ts';
import { isRunning, readPostmasterFile } from '../../src/embedded/postmaster-file.ts';
import { startEmbeddedPostgres } from '../../src/embedded/start-embedded-postgres.ts';
import { requireFreeSpace } from '../../src/embedded/storage-checks.ts';
import { ask, databaseDirectory, removeOriginal, stoppedDatabase } from './database-directory.ts';

test.after.always(removeOriginal);

/** A stopped database is damaged; a start must refuse it, leave nothing running, and give the directory free again. */
const refused = test.macro({
  title: (given = '') => `${given} is refused with what was found and what to do`,
  async exec(t, damage: (directory: string) => Promise<unknown>, expected: readonly RegExp[]) {
    const directory = await stoppedDatabase(t);
    await damage(directory);
    await refuses(t, directory, expected);
    const layout = databaseLayout(directory);
    t.notThrows(() => lockDirectory(layout)[Symbol.dispose]());
    t.true(await nothingRuns(layout.data));
  },
});

async function refuses(t: ExecutionContext, directory: string, expected: readonly RegExp[]): Promise<void> {
  const error = await t.throwsAsync(startEmbeddedPostgres({ directory }), { instanceOf: StartupError });
  t.is(error?.exitCode, EXIT_CODE.storage);
  for (const pattern of expected) t.regex(String(error?.message), pattern);
  t.notRegex(String(error?.message), /\n\s+at /);
}

const MOVE_AWAY = /restore .* from a backup, or move (it|\/.*) away to begin with an empty one/;

test(
  'a truncated control file',
  refused,
  (directory) => truncate(join(directory, 'data', 'global', 'pg_control'), 10),
  [/could not start on .*\/data\. It said/, /"global\/pg_control": read 10 of/, MOVE_AWAY],
);
test('a missing write-ahead log', refused, (directory) => rm(join(directory, 'data', 'pg_wal'), { recursive: true }), [
  /FATAL: .*pg_wal/,
  MOVE_AWAY,
]);
test(
  'data of another major version',
  refused,
  (directory) => writeFile(join(directory, 'data', 'PG_VERSION'), '17\n'),
  [/a database of PostgreSQL 17\. This program brings PostgreSQL 18\. .*DATABASE_URL/],
);
test('data without a version', refused, (directory) => rm(join(directory, 'data', 'PG_VERSION')), [
  /its PG_VERSION is missing or empty/,
]);
test('data that is a file', refused, (directory) => replaceByFile(join(directory, 'data')), [
  /\/data.* is a file where a directory was expected/,
]);
test('a missing password', refused, (directory) => rm(join(directory, 'password')), [
  /expected in .*\/password, and that file is missing/,
]);
test(
  'a password that is not that of the database',
  refused,
  (directory) => writeFile(join(directory, 'password'), 'other'),
  [/password authentication failed/, /The password in .*\/password is not that of the database/],
);

test('a database whose files are gone is refused, and the server that found out is not left running', async (t) => {
  const directory = await stoppedDatabase(t);
  const server = await startEmbeddedPostgres({ directory });
  const [row] = await ask(server.url, "SELECT oid FROM pg_database WHERE datname = 'oio'");
  await server.stop();
  await rm(join(directory, 'data', 'base', String(row?.['oid'])), { recursive: true });
  await refuses(t, directory, [/refused the connection/, /(does not exist|subdirectory .* is missing)/, MOVE_AWAY]);
  t.true(await nothingRuns(join(directory, 'data')));
});

test('a server that crashes again and again is given up, its reason quoted, and ended', async (t) => {
  const directory = await stoppedDatabase(t);
  await rm(join(directory, 'data', 'global', 'pg_filenode.map'));
  await t.throwsAsync(startEmbeddedPostgres({ directory }), {
    instanceOf: StartupError,
    message: /"global\/pg_filenode.map": No such file/,
  });
  t.true(await nothingRuns(join(directory, 'data')));
});

test('a file in the place of the directory, or above it, is refused', async (t) => {
  const directory = await databaseDirectory(t);
  await writeFile(directory, '');
  await refuses(t, directory, [
    /cannot be used for the database: it, or something above it, is a file where a directory was expected/,
  ]);
  await refuses(t, join(directory, 'below'), [/is a file/]);
});

test('a directory that cannot be written is refused', async (t) => {
  const directory = await unwritable(t);
  await refuses(t, directory, [/cannot be used/, /choose another directory/i]);
});

test('too little free space is refused with how much is needed and how much there is', async (t) => {
  const directory = dirname(await databaseDirectory(t));
  await t.notThrowsAsync(requireFreeSpace(directory, 1));
  const error = await t.throwsAsync(requireFreeSpace(directory, 2 ** 60), { instanceOf: StartupError });
  t.is(error?.exitCode, EXIT_CODE.storage);
  t.regex(String(error?.message), /needs \d+ MB of free disk space, and the disk of .* has \d+ MB/);
});

async function nothingRuns(data: string): Promise<boolean> {
  const file = await readPostmasterFile(data).catch(() => undefined);
  return file === undefined || !(await isRunning(file.pid));
}

async function replaceByFile(path: string): Promise<void> {
  await rm(path, { recursive: true });
  await writeFile(path, '');
}

/** Modes do not bind root, but there are places where the system lets nobody make a directory. */
async function unwritable(t: ExecutionContext): Promise<string> {
  if (process.getuid?.() === 0)
    return process.platform === 'linux' ? '/sys/kernel/oio-database' : '/System/oio-database';
  const directory = await databaseDirectory(t);
  await mkdir(directory);
  await chmod(directory, 0o500);
  return directory;
}

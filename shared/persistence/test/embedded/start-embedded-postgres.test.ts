import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import test from 'ava';
import { isRunning } from '../../src/embedded/postmaster-file.ts';
import { startEmbeddedPostgres } from '../../src/embedded/start-embedded-postgres.ts';
import { ask, databaseDirectory, removeOriginal, sleep, sleeping, stoppedDatabase } from './database-directory.ts';
import { takePort } from './take-port.ts';

test.after.always(removeOriginal);

test('a first start makes a durable, checked UTF-8 database that only this machine can reach', async (t) => {
  const directory = await databaseDirectory(t);
  await using server = await startEmbeddedPostgres({ directory });
  t.false(server.adopted);
  const [settings] = await ask(
    server.url,
    `SELECT current_database() AS database, current_setting('fsync') AS fsync,
            current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages,
            current_setting('data_checksums') AS checksums, current_setting('server_encoding') AS encoding,
            (SELECT datcollate FROM pg_database WHERE datname = 'oio') AS locale,
            current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
            current_setting('password_encryption') AS passwords, current_setting('server_version') AS version`,
  );
  t.like(settings, {
    database: 'oio',
    fsync: 'on',
    commit: 'on',
    pages: 'on',
    checksums: 'on',
    encoding: 'UTF8',
    locale: 'C',
    addresses: '127.0.0.1',
    sockets: '',
    passwords: 'scram-sha-256',
  });
  t.regex(String(settings?.['version']), /^18\./);
});

test('only the owner can read the password, the data and the log, and no connection is taken without the password', async (t) => {
  const directory = await databaseDirectory(t);
  await using server = await startEmbeddedPostgres({ directory });
  const modes = await Promise.all(['password', 'data', 'postgres.log'].map((name) => modeOf(join(directory, name))));
  t.deepEqual(modes, [0o600, 0o700, 0o600]);
  t.true(server.url.includes(await readFile(join(directory, 'password'), 'utf8')));
  const wrong = server.url.replace(/:[0-9a-f]{48}@/, ':guessed@');
  t.not(wrong, server.url);
  await t.throwsAsync(ask(wrong, 'SELECT 1'), { message: /password authentication failed/ });
});

test('what was committed is there after a stop and a start, and the password stays', async (t) => {
  const directory = await databaseDirectory(t);
  const first = await startEmbeddedPostgres({ directory });
  await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await first.stop();
  t.false(await isRunning(first.pid));
  await using second = await startEmbeddedPostgres({ directory });
  t.deepEqual(await ask(second.url, 'SELECT n FROM kept'), [{ n: 7 }]);
  t.is(new URL(second.url).password, new URL(first.url).password);
});

test('stop may be called twice, also at once, and disposing stops too', async (t) => {
  const directory = await stoppedDatabase(t);
  const first = await startEmbeddedPostgres({ directory });
  await Promise.all([first.stop(), first.stop(), first[Symbol.asyncDispose]()]);
  await first.stop();
  t.false(await isRunning(first.pid));
});

test('stop does not wait for open transactions', async (t) => {
  const server = await startEmbeddedPostgres({ directory: await stoppedDatabase(t) });
  const open = t.throwsAsync(sleep(server.url), { message: /terminating connection|terminated/ });
  await sleeping(server.url);
  await server.stop();
  t.false(await isRunning(server.pid));
  await open;
});

test('the server listens on the given port, and a taken one is refused by its number', async (t) => {
  const directory = await stoppedDatabase(t);
  const { port, release } = await takePort();
  t.teardown(release);
  const error = await t.throwsAsync(startEmbeddedPostgres({ directory, port }), { instanceOf: StartupError });
  t.is(error?.exitCode, EXIT_CODE.unavailable);
  t.regex(String(error?.message), new RegExp(`Port ${port} on 127\\.0\\.0\\.1.* is taken`));
  await release();
  await using server = await startEmbeddedPostgres({ directory, port });
  t.is(new URL(server.url).port, String(port));
});

test('as root, the server runs as somebody else, though the directories above it are root’s alone', async (t) => {
  const directory = await databaseDirectory(t);
  await using server = await startEmbeddedPostgres({ directory });
  const { uid } = await stat(join(directory, 'data'));
  const own = process.getuid?.();
  t.true(own === 0 ? uid !== 0 : uid === own);
  t.is(await modeOf(join(directory, '..')), 0o700);
  t.deepEqual(await ask(server.url, 'SELECT 1 AS n'), [{ n: 1 }]);
});

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

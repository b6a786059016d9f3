import { spawn } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import test from 'ava';
import { pollFor } from '../../src/embedded/poll-for.ts';
import { findServer, isRunning } from '../../src/embedded/postmaster-file.ts';
import { startEmbeddedPostgres } from '../../src/embedded/start-embedded-postgres.ts';
import { stopServer } from '../../src/embedded/stop-server.ts';
import { ask, databaseDirectory, removeOriginal, sleep, sleeping, stoppedDatabase } from './database-directory.ts';
import { Holder } from './holder.ts';
import { takePort } from './take-port.ts';

test.after.always(removeOriginal);

test('the server outlives a killed parent, is adopted by the next start, and stops with that', async (t) => {
  const directory = await stoppedDatabase(t);
  const holder = new Holder(t, directory);
  const before = await holder.report();
  await ask(String(before.url), 'CREATE TABLE kept AS SELECT 7 AS n');
  await holder.kill();
  t.true(await isRunning(Number(before.pid)));
  const server = await startEmbeddedPostgres({ directory });
  t.like(server, { adopted: true, pid: before.pid, url: before.url });
  t.deepEqual(await ask(server.url, 'SELECT n FROM kept'), [{ n: 7 }]);
  await server.stop();
  t.false(await isRunning(server.pid));
});

test('a server left behind on another port than the wanted one is restarted there', async (t) => {
  const directory = await stoppedDatabase(t);
  const holder = new Holder(t, directory);
  const before = await holder.report();
  await holder.kill();
  const { port, release } = await takePort();
  await release();
  await using server = await startEmbeddedPostgres({ directory, port });
  t.false(server.adopted);
  t.not(server.pid, before.pid);
  t.is(new URL(server.url).port, String(port));
});

test('after a kill of the server itself the next start recovers what was committed', async (t) => {
  const directory = await stoppedDatabase(t);
  const first = await startEmbeddedPostgres({ directory });
  await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  const busy = t.throwsAsync(sleep(first.url));
  await sleeping(first.url);
  process.kill(first.pid, 'SIGKILL');
  await busy;
  await first.stop();
  await using second = await startEmbeddedPostgres({ directory });
  t.false(second.adopted);
  t.deepEqual(await ask(second.url, 'SELECT n FROM kept'), [{ n: 7 }]);
});

test('a server that does not react is ended by force, and its data is sound', async (t) => {
  const directory = await stoppedDatabase(t);
  const data = join(directory, 'data');
  const first = await startEmbeddedPostgres({ directory });
  await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  process.kill(first.pid, 'SIGSTOP');
  await stopServer(data, first.pid, { fastMs: 100, immediateMs: 500 });
  t.false(await isRunning(first.pid));
  await first.stop();
  await using second = await startEmbeddedPostgres({ directory });
  t.deepEqual(await ask(second.url, 'SELECT n FROM kept'), [{ n: 7 }]);
});

test('a left-over postmaster.pid whose process id has gone to another program does not matter, nor does that program', async (t) => {
  const directory = await stoppedDatabase(t);
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' });
  t.teardown(() => stranger.kill('SIGKILL'));
  const pid = Number(stranger.pid);
  const lines = [pid, join(directory, 'data'), 1_700_000_000, 5432, '', '127.0.0.1', '', 'ready   '];
  await writeFile(join(directory, 'data', 'postmaster.pid'), `${lines.join('\n')}\n`);
  t.deepEqual(await findServer(join(directory, 'data')), { state: 'stranger' });
  const server = await startEmbeddedPostgres({ directory });
  t.false(server.adopted);
  await server.stop();
  await stopServer(join(directory, 'data'), pid);
  t.true(await isRunning(pid));
});

test('of two that start at once on a fresh directory one gets it and the other is told who has it', async (t) => {
  const directory = await databaseDirectory(t);
  const holders = [new Holder(t, directory), new Holder(t, directory)];
  const reports = await Promise.all(holders.map((holder) => holder.report()));
  const refused = reports.filter((report) => report.name === 'StartupError');
  const winner = reports.findIndex((report) => report.url !== undefined);
  t.is(refused.length, 1);
  t.regex(String(refused[0]?.message), /already in use by process \d+\. Stop that orchestrator first/);
  await holders[winner]?.kill();
  await using server = await startEmbeddedPostgres({ directory });
  t.like(server, { adopted: true, pid: Number(reports[winner]?.pid) });
});

test('a directory in use is refused also within one process, and is free after stop', async (t) => {
  const directory = await stoppedDatabase(t);
  const first = await startEmbeddedPostgres({ directory });
  const error = await t.throwsAsync(startEmbeddedPostgres({ directory }), { instanceOf: StartupError });
  t.is(error?.exitCode, EXIT_CODE.unavailable);
  t.regex(String(error?.message), new RegExp(`in use by process ${process.pid}`));
  t.deepEqual(await ask(first.url, 'SELECT 1 AS n'), [{ n: 1 }]);
  await first.stop();
  await using second = await startEmbeddedPostgres({ directory });
  t.deepEqual(await ask(second.url, 'SELECT 1 AS n'), [{ n: 1 }]);
});

test('a first start that was killed in the middle leaves nothing that is taken for a database', async (t) => {
  const directory = await databaseDirectory(t);
  const holder = new Holder(t, directory);
  t.true(await pollFor(() => unfinished(directory), { withinMs: 30_000, everyMs: 2 }));
  await holder.kill();
  await t.throwsAsync(access(join(directory, 'data')), { code: 'ENOENT' });
  await using server = await startEmbeddedPostgres({ directory });
  t.deepEqual(await ask(server.url, 'SELECT 1 AS n'), [{ n: 1 }]);
});

test('what an interrupted first start left is removed', async (t) => {
  const directory = await databaseDirectory(t);
  await mkdir(join(directory, 'initdb-abc', 'data'), { recursive: true });
  await writeFile(join(directory, 'initdb-abc', 'data', 'PG_VERSION'), '18\n');
  await using server = await startEmbeddedPostgres({ directory });
  t.false(server.adopted);
  t.deepEqual((await readdir(directory)).sort(), ['data', 'lock', 'lock.pid', 'password', 'postgres.log']);
});

/** True as soon as initdb is at work: its directory holds the first files of a database. */
async function unfinished(directory: string): Promise<true | undefined> {
  const names = await readdir(directory).catch((): string[] => []);
  const staging = names.find((name) => name.startsWith('initdb-'));
  if (staging === undefined) return undefined;
  return access(join(directory, staging, 'data', 'PG_VERSION')).then(
    () => true,
    () => undefined,
  );
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnavailableError } from '@oio/errors';
import test from 'ava';
import { commitSessions, openDatabase, startEmbeddedPostgres } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';
import { takePort } from './embedded/take-port.ts';
import { birth } from './support/commits.ts';
import { eventually } from '@oio/runtime/testing';
import { versions } from './support/stored.ts';

const opened = await openTestDatabase();
const { database } = opened;
test.after.always(() => opened[Symbol.asyncDispose]());

test('a connection is set up as the specification has it', async (t) => {
  await using one = await openDatabase(opened.url);
  const pool = await one.orm.em.getConnection().getNativeClient();
  const { max, min, maxLifetimeSeconds, connectionTimeoutMillis } = pool.options;
  t.deepEqual([max, min, maxLifetimeSeconds, connectionTimeoutMillis], [30, 20, 1_800, 30_000]);
  const [row] = await one.query<{ statement_timeout: string }>('show statement_timeout');
  t.is(row?.statement_timeout, '30s');
});

test('thirty statements run at once, the next ones wait; of idle connections twenty are kept', async (t) => {
  await using one = await openDatabase(opened.url);
  const pool = await one.orm.em.getConnection().getNativeClient();
  pool.options.idleTimeoutMillis = 50;
  const gate = await pool.connect();
  await gate.query('begin; lock table leaders in access exclusive mode');
  const asked = Array.from({ length: 34 }, () => one.query('select 1 from leaders'));
  await eventually(() => pool.totalCount === 30 && pool.waitingCount === 5, { what: 'thirty connections' });
  await gate.query('commit');
  gate.release();
  await Promise.all(asked);
  await eventually(() => pool.totalCount === 20, { what: 'twenty connections' });
  t.is(pool.idleCount, 20);
});

test('whoever waits too long for a connection is answered as unavailable', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  const pool = await one.orm.em.getConnection().getNativeClient();
  pool.options.connectionTimeoutMillis = 20;
  const held = await pool.connect();
  const error = await t.throwsAsync(one.query('select 1'), { instanceOf: UnavailableError });
  t.is(error.code, 'database_unavailable');
  held.release();
  t.is((await one.query('select 1')).length, 1);
});

test('a connection that is old enough is replaced', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  const pool = await one.orm.em.getConnection().getNativeClient();
  pool.options.maxLifetimeSeconds = 0.05;
  await one.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
  const pid = async () => (await one.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid;
  const before = await pid();
  await t.notThrowsAsync(eventually(async () => (await pid()) !== before, { what: 'another connection' }));
});

test('a statement that takes too long is ended by the server and answered as unavailable', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  await one.query('set statement_timeout = 20');
  const error = await t.throwsAsync(one.query('select pg_sleep(100)'), { instanceOf: UnavailableError });
  t.like(error.cause, { code: '57014' });
});

test('what the server has against a statement is thrown as it is, and the connection is kept', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  const pid = async () => (await one.query<{ pid: number }>('select pg_backend_pid() as pid'))[0]?.pid;
  const before = await pid();
  await t.throwsAsync(one.query('select 1 / 0'), { code: '22012' });
  await t.throwsAsync(one.query('select nothing'), { code: '42703' });
  t.is(await pid(), before);
});

test('a statement whose connection is cut is answered as unavailable, and the next one gets a new connection', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  const error = await t.throwsAsync(one.query('select pg_terminate_backend(pg_backend_pid())'), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'database_unavailable');
  t.true(error.retryable);
  t.deepEqual(await one.query('select 1 as one'), [{ one: 1 }]);
});

test('a server that lets nobody write for now is answered as unavailable, on a connection that is not used again', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  await one.query('set default_transaction_read_only = on');
  const commit = () => commitSessions(one, [birth()]);
  const error = await t.throwsAsync(commit(), { instanceOf: UnavailableError });
  t.like(error.cause, { code: '25006' });
  t.is((await commit()).size, 1, 'the next connection may lead to another server');
});

test('of two that wait for each other the one that is ended is answered as unavailable: it may try again', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  const code = '40P01';
  const deadlock = one.query(`do $$ begin raise exception 'deadlock detected' using errcode = '${code}'; end $$`);
  const error = await t.throwsAsync(deadlock, { instanceOf: UnavailableError });
  t.like(error.cause, { code });
});

test('a process that hangs within a transaction holds up nobody for longer than five seconds', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  const [row] = await one.query('show idle_in_transaction_session_timeout');
  t.deepEqual(row, { idle_in_transaction_session_timeout: '5s' });
  await one.query('set idle_in_transaction_session_timeout = 20');
  const hanging = one.transaction(async (query) => {
    const [own] = await query<{ pid: number }>('select pg_backend_pid() as pid, pg_current_xact_id()');
    const isOpen = () => database.query('select 1 from pg_stat_activity where pid = $1', [own?.pid]);
    await eventually(async () => (await isOpen()).length === 0, { what: 'the end of the transaction' });
    await query('select 1');
  });
  await t.throwsAsync(hanging, { instanceOf: UnavailableError });
});

test('after its disposal nothing is answered, and no connection is left', async (t) => {
  const one = await openDatabase(opened.url, { connections: 2 });
  const [row] = await one.query<{ pid: number }>('select pg_backend_pid() as pid');
  await one[Symbol.asyncDispose]();
  await t.throwsAsync(one.query('select 1'), { instanceOf: UnavailableError });
  const isThere = async () => database.query('select 1 from pg_stat_activity where pid = $1', [row?.pid]);
  await eventually(async () => (await isThere()).length === 0, { what: 'the end of the connection' });
});

test('a prepared statement gives the same as one that is not', async (t) => {
  const ask = (n: number) => database.query<{ n: number }>('select $1::int + 1 as n', [n], { prepared: 'add_one' });
  const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(ask));
  t.deepEqual(
    answers.flat().map(({ n }) => n),
    [2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('now is the time of the database', async (t) => {
  const [row] = await database.query<{ ms: number }>('select (extract(epoch from now()) * 1000)::float8 as ms');
  t.true(Math.abs((await database.now()).getTime() - (row?.ms ?? 0)) < 5_000);
});

test('after a restart of the database the pool works on by itself', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'oio-test-restart-'));
  const { port, release } = await takePort();
  await release();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const first = await startEmbeddedPostgres({ directory, port });
  stack.defer(() => first.stop());
  const running = stack.use(await openDatabase(first.url));
  const entry = birth();
  await commitSessions(running, [entry]);

  await first.stop();
  await t.throwsAsync(running.query('select 1'), { instanceOf: UnavailableError });
  const second = await startEmbeddedPostgres({ directory, port });
  stack.defer(() => second.stop());
  await eventually(
    () =>
      running.now().then(
        () => true,
        () => false,
      ),
    { what: 'the pool answers' },
  );
  t.deepEqual(await versions(running, [entry.next.id]), [2]);
});

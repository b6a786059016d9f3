import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartupError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { openDatabase, startEmbeddedPostgres } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';
import { takePort } from './embedded/take-port.ts';

/** Whoever waits for ever must be refused all the same. */
const PATIENT = { waitMs: Number.POSITIVE_INFINITY, connections: 1 } as const;

test('a URL that is none is refused as a wrong setting', async (t) => {
  const error = await t.throwsAsync(openDatabase('not a url'), { instanceOf: StartupError });
  t.regex(error.message, /DATABASE_URL must look like postgres:/);
  t.is(error.exitCode, 78);
});

test('a database that cannot be reached is named, its password is not', async (t) => {
  const startedAt = performance.now();
  const error = await t.throwsAsync(openDatabase('postgres://oio:hidden-word@127.0.0.1:1/nowhere'), {
    instanceOf: StartupError,
  });
  t.regex(error.message, /127\.0\.0\.1:1\/nowhere cannot be used: .*ECONNREFUSED/);
  t.notRegex(error.message, /hidden-word/);
  t.is(error.exitCode, 69);
  t.true(performance.now() - startedAt >= 3_000, 'three tries, 1 and 2 seconds apart');
});

test('a server that comes late is waited for as long as it was said', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'oio-test-late-'));
  const { port, release } = await takePort();
  await release();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  // The password is made with the cluster.
  const first = await startEmbeddedPostgres({ directory, port });
  await first.stop();
  const told: string[] = [];
  const vain = Promise.withResolvers<void>();
  const opening = openDatabase(first.url, {
    ...PATIENT,
    onWaiting: ({ reason }) => {
      told.push(reason);
      vain.resolve();
    },
  });
  await vain.promise;
  const second = await startEmbeddedPostgres({ directory, port });
  stack.defer(() => second.stop());
  await using database = await opening;
  t.is((await database.query('select 1')).length, 1);
  t.regex(told[0] ?? '', /ECONNREFUSED/);

  const wrong = new URL(first.url);
  wrong.password = 'hidden-word';
  const error = await t.throwsAsync(openDatabase(wrong.href, PATIENT), { instanceOf: StartupError });
  t.regex(error.message, /user or the password is wrong.*DATABASE_URL/s);
  t.notRegex(error.message, /hidden-word/);
  t.is(error.exitCode, 78);
  wrong.password = '';
  const none = await t.throwsAsync(openDatabase(wrong.href, PATIENT), { instanceOf: StartupError });
  t.regex(none.message, /user or the password is wrong/);
});

test('a start whose connection is ended in the midst of it is tried again', async (t) => {
  await using opened = await openTestDatabase();
  const pool = await opened.database.orm.em.getConnection().getNativeClient();
  const other = await pool.connect();
  // As if another process brought the schema up to date just then.
  await other.query('drop schema public cascade');
  await other.query('create schema public');
  await other.query('select pg_advisory_lock(7351001)');
  const told: string[] = [];
  const opening = openDatabase(opened.url, { ...PATIENT, onWaiting: ({ reason }) => told.push(reason) });
  await eventually(async () => (await opened.database.query(END_WHO_WAITS)).length > 0, { what: 'it waits' });
  other.release(true);
  await using database = await opening;
  t.is((await database.query('select 1')).length, 1);
  t.regex(told[0] ?? '', /terminating connection/);
});

test('a server that lets nobody write yet, as a standby that is about to take over, is waited for', async (t) => {
  await using opened = await openTestDatabase();
  const name = new URL(opened.url).pathname.slice(1);
  const setReadOnly = (value: string) =>
    opened.database.query(`alter database ${name} set default_transaction_read_only = ${value}`);
  await opened.database.query('drop schema public cascade');
  await opened.database.query('create schema public');
  await setReadOnly('on');
  const told: string[] = [];
  const onWaiting = ({ reason }: { reason: string }): void => {
    told.push(reason);
    void setReadOnly('off');
  };
  await using database = await openDatabase(opened.url, { ...PATIENT, onWaiting });
  t.is((await database.query('select 1 from sessions')).length, 0);
  t.regex(told[0] ?? '', /read-only transaction/);
});

const END_WHO_WAITS = `
select pg_terminate_backend(l.pid) from pg_locks l
where l.locktype = 'advisory' and not l.granted and l.objid = 7351001
  and l.database = (select oid from pg_database where datname = current_database())`;

test('the wait can be ended', async (t) => {
  const ending = new AbortController();
  const options = { ...PATIENT, signal: ending.signal, onWaiting: () => ending.abort(new Error('Enough.')) };
  await t.throwsAsync(openDatabase('postgres://oio@127.0.0.1:1/nowhere', options), { message: 'Enough.' });
});

test('a wait that has a bound ends there', async (t) => {
  const waits: number[] = [];
  const onWaiting = ({ tries }: { tries: number }) => waits.push(tries);
  const opening = openDatabase('postgres://oio@127.0.0.1:1/nowhere', { waitMs: 0, onWaiting });
  await t.throwsAsync(opening, { instanceOf: StartupError });
  t.deepEqual(waits, []);
});

for (const [what, change, sentence] of [
  [
    'role',
    (url: URL) => (url.username = 'nobody-of-that-name'),
    /does not let this user in.*does not exist|the user or the password is wrong/,
  ],
  ['database', (url: URL) => (url.pathname = '/nothing-of-that-name'), /no such database.*does not exist/],
] as const) {
  test(`an unknown ${what} is refused at once, however long one would wait`, async (t) => {
    await using opened = await openTestDatabase();
    const url = new URL(opened.url);
    change(url);
    const error = await t.throwsAsync(openDatabase(url.href, PATIENT), { instanceOf: StartupError });
    t.regex(error.message, sentence);
    t.is(error.exitCode, 78);
  });
}

test('a user that may not make tables is refused at once', async (t) => {
  await using opened = await openTestDatabase();
  const role = new URL(opened.url).pathname.slice(1);
  await opened.database.query('drop schema public cascade');
  await opened.database.query('create schema public');
  await opened.database.query(`create role ${role} login password 'x'`);
  try {
    const url = new URL(opened.url);
    [url.username, url.password] = [role, 'x'];
    const error = await t.throwsAsync(openDatabase(url.href, PATIENT), { instanceOf: StartupError });
    t.regex(error.message, /may not do what is needed/);
    t.is(error.exitCode, 78);
  } finally {
    await opened.database.query(`drop role ${role}`);
  }
});

test('a database of a newer version is refused at once and left as it is', async (t) => {
  await using opened = await openTestDatabase();
  await opened.database.query("insert into mikro_orm_migrations (name, executed_at) values ('M9999Levitation', now())");
  const before = await opened.database.query('select name from mikro_orm_migrations order by id');
  const error = await t.throwsAsync(openDatabase(opened.url, PATIENT), { instanceOf: StartupError });
  t.regex(error.message, /upgraded by a newer version of this program \(M9999Levitation\)/);
  t.is(error.exitCode, 78);
  t.deepEqual(await opened.database.query('select name from mikro_orm_migrations order by id'), before);
});

test('a server that is too old is refused at once', async (t) => {
  await using server = await oldServer();
  const error = await t.throwsAsync(openDatabase(server.url, PATIENT), { instanceOf: StartupError });
  t.regex(error.message, /PostgreSQL 15 or newer is needed; the server is version 14/);
  t.is(error.exitCode, 69);
});

/** Lets everybody in, and answers every question with 14. Source: https://www.postgresql.org/docs/18/protocol-message-formats.html */
async function oldServer() {
  const sockets = new Set<Socket>();
  const ready = message('Z', Buffer.from('I'));
  const column = Buffer.concat([Buffer.from('\0\x01version\0'), Buffer.alloc(6), int32(23), Buffer.alloc(8)]);
  const row = Buffer.concat([Buffer.from('\0\x01'), int32(2), Buffer.from('14')]);
  const answer = [message('T', column), message('D', row), message('C', Buffer.from('SELECT 1\0')), ready];
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', int32(0)), ready]));
      socket.on('data', (data) => data[0] === 0x51 && socket.write(Buffer.concat(answer)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `postgres://oio@127.0.0.1:${port}/oio`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

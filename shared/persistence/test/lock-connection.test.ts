import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { UnavailableError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { openLockConnection } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';

const opened = await openTestDatabase();
const { database, url } = opened;
test.after.always(() => opened[Symbol.asyncDispose]());

test('one holds a lock at a time, and the next gets it when the first gives it back', async (t) => {
  await using one = await openLockConnection(url);
  await using two = await openLockConnection(url);
  t.true(await one.tryLock('turn'));
  t.true(await one.tryLock('turn'), 'it has it already');
  t.deepEqual([one.holds('turn'), two.holds('turn')], [true, false]);
  t.false(await two.tryLock('turn'));
  t.true(await two.tryLock('another turn'));
  await one.unlock('turn');
  t.false(one.holds('turn'));
  t.true(await two.tryLock('turn'));
});

test('asked for many times at once it is held once', async (t) => {
  await using one = await openLockConnection(url);
  const answers = await Promise.all([1, 2, 3].map(() => one.tryLock('once')));
  t.deepEqual(answers, [true, true, true]);
  await one.unlock('once');
  t.true(await isFree('once'));
});

test('whoever waits for a lock gets it when it falls free', async (t) => {
  await using one = await openLockConnection(url);
  await using two = await openLockConnection(url);
  await one.lock('waited for');
  const waiting = two.lock('waited for');
  await one[Symbol.asyncDispose]();
  await waiting;
  t.true(two.holds('waited for'));
});

test('after the disposal everything is free', async (t) => {
  const one = await openLockConnection(url);
  await one.lock('a');
  await one.lock('b');
  await one[Symbol.asyncDispose]();
  t.deepEqual([await isFree('a'), await isFree('b')], [true, true]);
});

test('a connection that is ended by the server is told of, and its locks are taken again', async (t) => {
  let losses = 0;
  await using one = await openLockConnection(url, { onLost: () => (losses += 1) });
  await one.lock('kept');
  await endBackendOf('kept');
  await eventually(() => losses === 1, { what: 'the loss' });
  await eventually(() => one.holds('kept'), { what: 'the lock' });
  t.false(await isFree('kept'));
  t.is(losses, 1);
});

test('a lock that somebody else took in the meantime stays his, until he gives it back', async (t) => {
  await using own = await openTestDatabase();
  const link = await breakableLink(own.url);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => link.close());
  const one = stack.use(await openLockConnection(link.url));
  const two = stack.use(await openLockConnection(own.url));
  await one.lock('contended');
  link.cut();
  await two.lock('contended');
  await eventually(() => !one.holds('contended'), { what: 'the loss to be noticed' });
  link.restore();
  await eventually(() => one.tryLock('of its own'), { what: 'the connection' });
  t.false(await one.tryLock('contended'));
  await two.unlock('contended');
  await eventually(() => one.holds('contended'), { what: 'the lock' });
  t.false(two.holds('contended'));
});

test('a silent connection is given up, and what the server still holds for it is freed', async (t) => {
  await using own = await openTestDatabase();
  const link = await breakableLink(own.url);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => link.close());
  let losses = 0;
  const one = stack.use(await openLockConnection(link.url, { onLost: () => (losses += 1) }));
  await one.lock('silenced');
  link.silence();
  await eventually(() => losses === 1, { what: 'the loss' });
  t.false(one.holds('silenced'));
  await eventually(() => one.holds('silenced'), { what: 'the lock on a new connection' });
});

test('a busy server is given its time for the first connection', async (t) => {
  const link = await breakableLink(url, { afterMs: 4_000 });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => link.close());
  const one = stack.use(await openLockConnection(link.url));
  t.true(await one.tryLock('in the end'));
});

test('a server that is not there is told of as unavailable', async (t) => {
  const error = await t.throwsAsync(openLockConnection('postgres://oio@127.0.0.1:1/nowhere'), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'database_unavailable');
});

async function isFree(key: string): Promise<boolean> {
  const [row] = await database.query<{ free: boolean }>(
    'select pg_try_advisory_xact_lock_shared(hashtextextended($1, 0)) as free',
    [key],
  );
  return row?.free ?? false;
}

async function endBackendOf(key: string): Promise<void> {
  await database.query(
    `select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)`,
    [key],
  );
}

/** A way to the server that can be cut, refused or silenced: connections that are there carry nothing more, new ones do. */
async function breakableLink(to: string, { afterMs = 0 } = {}) {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((inner) => {
    if (!isOpen) return inner.destroy();
    const outer = connect(Number(port), hostname);
    setTimeout(() => inner.pipe(outer), afterMs);
    outer.pipe(inner);
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(to);
  through.host = `127.0.0.1:${(server.address() as { port: number }).port}`;
  const cut = (): void => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.href,
    cut,
    restore: () => (isOpen = true),
    silence: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { type LockConnection, openLockConnection, untilLockFree } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';

const opened = await openTestDatabase();
const { database, url } = opened;
test.after.always(() => opened[Symbol.asyncDispose]());

test.serial('the end of whoever holds a lock is told, and the lock can be taken again by then', async (t) => {
  await using holder = await openLockConnection(url);
  await holder.lock('held');
  const ended = { isTold: false };
  const watch = untilLockFree(url, 'held', new AbortController().signal).then(() => {
    ended.isTold = true;
  });
  await eventually(isWaiting, { what: 'the lock to be waited for' });
  t.false(ended.isTold);
  await holder[Symbol.asyncDispose]();
  await watch;
  await using next = await openLockConnection(url);
  t.true(await next.tryLock('held'));
});

test.serial('a lock that nobody holds is told of at once', async (t) => {
  await t.notThrowsAsync(untilLockFree(url, 'never held', new AbortController().signal));
});

test.serial('whoever does not want to wait any longer leaves nothing behind at the server', async (t) => {
  await using holder = await openLockConnection(url);
  const ending = new AbortController();
  const { watch } = await waitFor(holder, 'held on', ending.signal);
  ending.abort();
  await t.throwsAsync(watch, { name: 'AbortError' });
  await eventually(async () => !(await isWaiting()), { what: 'the server to notice' });
});

test.serial('a connection that is lost tells nothing', async (t) => {
  await using holder = await openLockConnection(url);
  const { watch } = await waitFor(holder, 'held still');
  await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${WAITING}`);
  await t.throwsAsync(watch);
  t.true(holder.holds('held still'));
});

test.serial('who waits keeps no row that is deleted meanwhile from being cleared away', async (t) => {
  await using holder = await openLockConnection(url);
  const ending = new AbortController();
  const { watch } = await waitFor(holder, 'held for long', ending.signal);
  const [change] = await database.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  // VACUUM keeps what was deleted by a transaction that the oldest snapshot of all may not see yet.
  const seesIt = `select 1 from pg_stat_activity where ${WAITING} and age(backend_xmin) < age($1::xid)`;
  const seen = async (): Promise<boolean> => (await database.query(seesIt, [change?.xid])).length > 0;
  await t.notThrowsAsync(eventually(seen, { what: 'whoever waits to see the change' }));
  ending.abort();
  await t.throwsAsync(watch, { name: 'AbortError' });
});

/** Has the lock held, and somebody else wait for it. */
async function waitFor(holder: LockConnection, key: string, signal = new AbortController().signal) {
  await holder.lock(key);
  const watch = untilLockFree(url, key, signal);
  await eventually(isWaiting, { what: 'the lock to be waited for' });
  // Not as it is: whoever awaits this would wait for the end of the watch, too.
  return { watch };
}

const WAITING = `datname = current_database() and application_name = 'oio lock watch' and wait_event = 'advisory'`;

async function isWaiting(): Promise<boolean> {
  return (await database.query(`select 1 from pg_stat_activity where ${WAITING}`)).length > 0;
}

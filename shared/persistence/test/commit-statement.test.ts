import { randomUUID } from 'node:crypto';
import test from 'ava';
import { commitSessions, type Database, type SessionCommit } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';
import { birth, cancelled, checkpointed, dispatched, OWNER } from './support/commits.ts';
import { eventually } from '@oio/runtime/testing';
import { stored, versions } from './support/stored.ts';

const opened = await openTestDatabase();
const { database } = opened;
test.after.always(() => opened[Symbol.asyncDispose]());

test('a new session is committed with its history', async (t) => {
  const entry = birth();
  t.deepEqual([...(await commitSessions(database, [entry]))], [entry.next.id]);
  t.deepEqual(await stored(database, entry.next.id), { snapshot: entry.next, version: 2, events: entry.events });
});

test('an update adds its events and replaces the snapshot and what is searched by', async (t) => {
  const born = await committed(birth());
  const entry = await committed(cancelled(born.next));
  t.deepEqual(await stored(database, born.next.id), {
    snapshot: entry.next,
    version: 3,
    events: [...born.events, ...entry.events],
  });
  const [row] = await database.query<object>(
    'select status, waiting_since, timer_at, attempt_open, owner, owner_epoch::int as epoch from sessions where id = $1::uuid',
    [born.next.id],
  );
  t.deepEqual(row, {
    status: 'cancelled',
    waiting_since: null,
    timer_at: null,
    attempt_open: false,
    owner: OWNER,
    epoch: 1,
  });
});

const losesNothing = test.macro(async (t, entryOf: (born: SessionCommit) => SessionCommit) => {
  const born = await committed(birth());
  const before = await stored(database, born.next.id);
  t.is((await commitSessions(database, [entryOf(born)])).size, 0);
  t.deepEqual(await stored(database, born.next.id), before);
});

test('a write under an older epoch changes nothing', losesNothing, ({ next }) => cancelled(next, { epoch: 0 }));
test('a write under a newer epoch changes nothing', losesNothing, ({ next }) => cancelled(next, { epoch: 2 }));
test('a write on another version changes nothing', losesNothing, ({ next }) => ({
  ...cancelled(next),
  fromVersion: 1,
}));
test('a session whose id is taken is not born again', losesNothing, ({ next }) => birth({ id: next.id }));
test('a dispatch without any scheduler changes nothing', losesNothing, ({ next }) => dispatched(next, 999));

test('an update of a session that does not exist changes nothing', async (t) => {
  const born = birth();
  t.is((await commitSessions(database, [cancelled(born.next)])).size, 0);
  t.is(await stored(database, born.next.id), null);
});

test('of a mixed batch exactly those are committed that keep their checks', async (t) => {
  const [one, two, three] = [await committed(birth()), await committed(birth()), await committed(birth())];
  const born = birth();
  const batch = [
    cancelled(one.next),
    cancelled(two.next, { epoch: 7 }),
    born,
    { ...cancelled(three.next), fromVersion: 1 },
    birth({ id: two.next.id }),
  ];
  const ids = await commitSessions(database, batch);
  t.deepEqual([...ids].sort(), [one.next.id, born.next.id].sort());
  const all = [one, two, three, born].map(({ next }) => next.id);
  t.deepEqual(await versions(database, all), [3, 2, 2, 2]);
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from session_events where session_id = any($1::uuid[])',
    [all],
  );
  t.is(row?.count, 9);
});

test('a repeated command id takes the whole statement down, and nothing of it is committed', async (t) => {
  const one = await committed(birth({ commandId: 'once' }));
  const two = await committed(birth());
  const batch = [cancelled(one.next, { commandId: 'once' }), cancelled(two.next)];
  await t.throwsAsync(commitSessions(database, batch), { code: '23505' });
  t.deepEqual(await versions(database, [one.next.id, two.next.id]), [2, 2]);
});

test('the same command id at two sessions is two commands', async (t) => {
  const [one, two] = [await committed(birth()), await committed(birth())];
  const batch = [cancelled(one.next, { commandId: 'both' }), cancelled(two.next, { commandId: 'both' })];
  t.is((await commitSessions(database, batch)).size, 2);
});

test('a dispatch counts only under the epoch of the active scheduler', async (t) => {
  await using own = await openTestDatabase();
  await leads(own.database, 3);
  const entries = [birth(), birth(), birth()];
  await commitSessions(own.database, entries);
  const [one, two, three] = entries.map(({ next }) => next);
  if (!one || !two || !three) return t.fail();
  const ids = await commitSessions(own.database, [dispatched(one, 2), dispatched(two, 3), cancelled(three)]);
  t.deepEqual([...ids].sort(), [two.id, three.id].sort());
});

test('a dispatch that meets a take-over in progress waits for it, and loses', async (t) => {
  await using own = await openTestDatabase();
  await leads(own.database, 1);
  const entry = birth();
  await commitSessions(own.database, [entry]);
  const pool = await own.database.orm.em.getConnection().getNativeClient();
  const successor = await pool.connect();
  try {
    await successor.query('begin');
    await successor.query("update leaders set epoch = 2 where role = 'scheduler'");
    const dispatch = commitSessions(own.database, [dispatched(entry.next, 1)]);
    await eventually(async () => (await waiting(own.database)) === 1, { what: 'the dispatch waits for the lock' });
    await successor.query('commit');
    t.is((await dispatch).size, 0);
    t.deepEqual(await versions(own.database, [entry.next.id]), [2]);
  } finally {
    successor.release();
  }
});

test('batches in opposite orders neither deadlock nor lose anything', async (t) => {
  await using own = await openTestDatabase();
  await leads(own.database, 1);
  const first = Array.from({ length: 40 }, () => birth());
  await commitSessions(own.database, first);
  await commitSessions(
    own.database,
    first.map(({ next }) => dispatched(next, 1)),
  );
  let running = first.map(({ next }) => dispatched(next, 1).next);
  for (let round = 0; round < 15; round += 1) {
    const entries = running.map((snapshot) => checkpointed(snapshot));
    const orders = [entries, [...entries].reverse(), shuffled(entries), shuffled(entries)];
    const results = await Promise.all(orders.map((batch) => commitSessions(own.database, batch)));
    t.is(
      results.reduce((sum, ids) => sum + ids.size, 0),
      entries.length,
    );
    running = entries.map(({ next }) => next);
  }
  const [row] = await own.database.query<{ deadlocks: number }>(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  );
  t.is(row?.deadlocks, 0);
});

test('text of any kind and deep JSON come back as they were', async (t) => {
  const nasty = `quotes ' " \`, backslashes \\ \\n \\u0041, 日本語 🦊 \u{1F468}\u200D\u{1F4BB}, \u2028, null'); drop table sessions; --`;
  let deep: unknown = nasty;
  for (let depth = 0; depth < 60; depth += 1)
    deep = depth % 2 ? { [`"${depth}\\`]: deep, n: 1e-7 } : [deep, depth, true, null];
  const metadata = { deep, big: 9_007_199_254_740_991, small: -0.1, empty: '', '': 'no name' } as never;
  const entry = await committed(birth({ title: `Fix ${nasty.slice(0, 60)}`, prompt: nasty, metadata }));
  t.deepEqual((await stored(database, entry.next.id))?.snapshot, entry.next);
  t.deepEqual((await stored(database, entry.next.id))?.events, entry.events);
});

test('epochs and versions beyond 32 bits are kept', async (t) => {
  const born = await committed(birth());
  const far = 5_000_000_000;
  await database.query('update sessions set owner_epoch = $2, version = $2 where id = $1::uuid', [born.next.id, far]);
  const entry = cancelled({ ...born.next, version: far }, { epoch: far });
  t.is((await commitSessions(database, [entry])).size, 1);
  const [row] = await database.query<{ version: string; epoch: string }>(
    'select seq as version, epoch from session_events where session_id = $1::uuid order by seq desc limit 1',
    [born.next.id],
  );
  t.deepEqual([Number(row?.version), Number(row?.epoch)], [far + 1, far]);
});

async function committed(entry: SessionCommit): Promise<SessionCommit> {
  const ids = await commitSessions(database, [entry]);
  if (!ids.has(entry.next.id)) throw new Error('The sample was not committed.');
  return entry;
}

async function leads(of: Database, epoch: number): Promise<void> {
  await of.query("insert into leaders values ('scheduler', $1::uuid, $2, now() + interval '1 minute')", [
    randomUUID(),
    epoch,
  ]);
}

async function waiting(of: Database): Promise<number> {
  const rows = await of.query(
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.length;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((value) => ({ value, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}

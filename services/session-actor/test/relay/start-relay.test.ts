import type { StoredSessionEvent } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { append, nameOf, newSession } from '../support/history.ts';
import { away, RelayStand } from '../support/relay-stand.ts';

test('what was committed is published as it is stored, under its own id', async (t) => {
  await using stand = await RelayStand.open();
  stand.start();
  const id = await stand.session(2);
  await eventually(() => stand.seqs(id).length === 2, { what: 'both events' });
  const [event] = stand.published;
  t.like(event, { sessionId: id, tenant: 'acme', seq: 1, epoch: 1, type: 'session.child-added', commandId: `${id}-1` });
  t.deepEqual([event?.data, event?.cause], [{ childId: 'child' }, { kind: 'system', id: 'test' }] as never);
  t.regex(event?.at ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.deepEqual(stand.ids, [`${id}:1`, `${id}:2`]);
});

test('what an open transaction has written comes before all that is younger, and nothing is skipped', async (t) => {
  await using stand = await RelayStand.open();
  const relay = stand.start();
  const [slow, fast] = [await stand.session(0), await stand.session(0)];
  const pool = await stand.database.orm.em.getConnection().getNativeClient();
  const open = await pool.connect();
  try {
    await open.query('begin');
    await append((sql, parameters) => open.query(sql, [...parameters]), slow, 1);
    await stand.append(fast, 1);
    await eventually(async () => (await relay.figures()).backlogAgeMs > 0, { what: 'a backlog' });
    relay.hear([]);
    await stand.append(fast, 2);
    await open.query('commit');
  } finally {
    open.release();
  }
  await eventually(() => stand.published.length === 3, { what: 'all three events' });
  t.deepEqual(stand.ids, [`${slow}:1`, `${fast}:1`, `${fast}:2`]);
  t.deepEqual(stand.seqs(slow), [1]);
});

test('a transaction that is rolled back leaves nothing behind and keeps nothing back', async (t) => {
  await using stand = await RelayStand.open();
  stand.start();
  const [never, id] = [await stand.session(0), await stand.session(0)];
  const pool = await stand.database.orm.em.getConnection().getNativeClient();
  const open = await pool.connect();
  try {
    await open.query('begin');
    await append((sql, parameters) => open.query(sql, [...parameters]), never, 1);
    await stand.append(id, 1);
    await open.query('rollback');
  } finally {
    open.release();
  }
  await eventually(() => stand.published.length === 1, { what: 'the event' });
  t.deepEqual(stand.seqs(id), [1]);
});

test('a relay that starts again goes on where it was', async (t) => {
  await using stand = await RelayStand.open();
  const first = stand.start();
  const id = await stand.session(3);
  await eventually(() => (first.hear([]), stand.published.length === 3), { what: 'three events' });
  await first[Symbol.asyncDispose]();
  await stand.append(id, 4);
  stand.start();
  await eventually(() => stand.published.length >= 4, { what: 'the fourth event' });
  t.deepEqual(stand.seqs(id), [1, 2, 3, 4]);
});

test('what was committed before the end still goes out, and is not published again', async (t) => {
  await using stand = await RelayStand.open();
  const relay = stand.start();
  await eventually(async () => (await relay.figures()).active, { what: 'its turn' });
  const id = await stand.session(3);
  // Others who use the server may have older transactions open for a moment.
  await eventually(() => isPast(stand), { what: 'the end of all older transactions' });
  await relay[Symbol.asyncDispose]();
  t.deepEqual(stand.seqs(id), [1, 2, 3]);
  const next = stand.start();
  await stand.append(id, 4);
  await eventually(() => (next.hear([]), stand.published.length >= 4), { what: 'the fourth event' });
  t.deepEqual(stand.seqs(id), [1, 2, 3, 4]);
});

test('a relay whose bus hangs is gone within seconds, and the next one publishes what was not confirmed', async (t) => {
  await using stand = await RelayStand.open();
  const { promise: given, resolve: onGiven } = Promise.withResolvers<void>();
  const hanging = stand.start({ bus: { publish: () => (onGiven(), new Promise(() => {})) } });
  const id = await stand.session(2);
  await given;
  const fromMs = performance.now();
  await hanging[Symbol.asyncDispose]();
  t.true(performance.now() - fromMs < 10_000);
  stand.start();
  await eventually(() => stand.seqs(id).length === 2, { what: 'both events' });
});

test('of two candidates one publishes; the other goes on when the lock falls free', async (t) => {
  await using stand = await RelayStand.open();
  const [one, two] = [await stand.locks(), await stand.locks()];
  const first = stand.start({ isMyTurn: () => one.tryLock('relay') });
  await eventually(async () => (await first.figures()).active, { what: 'the first one' });
  const second = stand.start({ isMyTurn: () => two.tryLock('relay') });
  const id = await stand.session(5);
  await eventually(() => stand.published.length === 5, { what: 'five events' });
  t.false((await second.figures()).active);
  t.is((await second.figures()).published, 0);
  await first[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  await stand.append(id, 6);
  await eventually(() => stand.published.length === 6, { what: 'the sixth event' });
  t.deepEqual(stand.seqs(id), [1, 2, 3, 4, 5, 6]);
  t.true((await second.figures()).active);
});

test('while the bus is away nothing is lost, and no event overtakes an earlier one of its session', async (t) => {
  await using stand = await RelayStand.open();
  const [broken, other] = [await stand.session(0), await stand.session(0)];
  let refusals = 0;
  stand.refuse = ({ sessionId, seq }) => (sessionId === broken && seq === 2 && refusals++ < 3 ? away() : null);
  const rows = [1, 2, 3].flatMap((seq) => [broken, other].map((id) => ({ id, seq })));
  for (const { id, seq } of rows) await stand.append(id, seq);
  stand.start();
  await eventually(() => stand.seqs(broken).includes(3), { what: 'the last event' });
  // What was taken before is published again, from the first on; the third one never came before the second.
  t.deepEqual(firsts(stand.seqs(broken)), [1, 2, 3]);
  t.is(stand.seqs(broken).indexOf(3), stand.seqs(broken).lastIndexOf(3));
  t.deepEqual(firsts(stand.seqs(other)), [1, 2, 3]);
  t.is(stand.parked.length, 0);
});

test('while the database is away it waits, and goes on', async (t) => {
  await using stand = await RelayStand.open();
  let isAway = false;
  let asked = 0;
  const { database } = stand;
  const query: typeof database.query = async (...args) => {
    if (!isAway) return database.query(...args);
    asked += 1;
    throw away();
  };
  const relay = stand.start({ database: { ...database, query } });
  const id = await stand.session(1);
  await eventually(() => stand.published.length === 1, { what: 'the first event' });
  isAway = true;
  relay.hear([]);
  await stand.append(id, 2);
  await eventually(() => asked >= 2, { what: 'two vain tries' });
  isAway = false;
  await eventually(() => stand.published.length === 2, { what: 'the second event' });
  t.deepEqual(stand.seqs(id), [1, 2]);
});

test('what can never be published is parked with its reason and holds nothing up', async (t) => {
  await using stand = await RelayStand.open();
  const id = await newSession(stand.database);
  const run = (sql: string, parameters: readonly unknown[]) => stand.database.query(sql, parameters);
  await append(run, id, 1);
  await append(run, id, 2, { type: 'session.levitated', data: {} });
  await append(run, id, 3);
  await append(run, id, 4);
  stand.refuse = ({ seq }) => (seq === 3 ? new InvalidError('No such child.') : null);
  const relay = stand.start();
  await eventually(() => stand.seqs(id).includes(4), { what: 'the last event' });
  t.deepEqual(stand.seqs(id), [1, 4]);
  t.deepEqual(
    stand.parked.map(({ subject, reason, consumer, truncated }) => [subject, reason, consumer, truncated]),
    [
      ['events.session.levitated', 'future_version', 'relay', false],
      ['events.session.child-added', 'malformed', 'relay', false],
    ],
  );
  t.like(JSON.parse(stand.parked[0]?.payload ?? ''), { v: 1, id: `${id}:2`, payload: { type: 'session.levitated' } });
  t.is((await relay.figures()).parked, 2);
});

test('a bug in the way of an event is tried some times before it is parked', async (t) => {
  await using stand = await RelayStand.open();
  const id = await stand.session(2);
  let tries = 0;
  stand.refuse = ({ seq }) => {
    if (seq === 2) return null;
    tries += 1;
    return new TypeError('A bug.');
  };
  stand.start();
  await eventually(() => stand.seqs(id).length > 0, { what: 'the second event' });
  t.is(tries, 10);
  t.deepEqual(
    stand.parked.map(({ reason }) => reason),
    ['unprocessable'],
  );
});

test('more than one page is published whole and in order', async (t) => {
  await using stand = await RelayStand.open();
  const ids = await Promise.all(Array.from({ length: 30 }, () => newSession(stand.database)));
  await stand.database.query(
    `insert into session_events (session_id, seq, type, data, epoch, cause, at)
     select id, n, 'session.child-added', jsonb_build_object('childId', repeat(md5(n::text || id::text), 400)), 1, '{"kind":"system","id":"test"}', now()
     from generate_series(1, 50) n cross join unnest($1::uuid[]) id order by n`,
    [ids],
  );
  stand.start();
  await eventually(() => stand.published.length === 1_500, { what: 'all events' });
  const order = Array.from({ length: 50 }, (_, index) => index + 1);
  for (const id of ids) t.deepEqual(stand.seqs(id), order);
});

test('many writers whose transactions end in any order: everything is published, in the order of each session', async (t) => {
  await using stand = await RelayStand.open();
  const turns = [await stand.locks(), await stand.locks()];
  const relays = turns.map((locks) => stand.start({ isMyTurn: () => locks.tryLock('relay') }));
  const pool = await stand.database.orm.em.getConnection().getNativeClient();
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    const sessions = await Promise.all([1, 2, 3].map(() => newSession(stand.database)));
    for (let seq = 1; seq <= 25; seq += 1) {
      const connection = await pool.connect();
      await connection.query('begin');
      for (const id of sessions) {
        await append((sql, parameters) => connection.query(sql, [...parameters]), id, seq);
        if ((seq + writer) % 5 === 0) await connection.query('select pg_sleep(0.02)');
      }
      await connection.query('commit');
      connection.release();
      for (const relay of relays) relay.hear([]);
      if (writer === 0 && seq % 8 === 0) await turns[seq % 2]?.unlock('relay');
    }
    return sessions;
  });
  const ids = (await Promise.all(writers)).flat();
  const distinct = () => new Set(stand.published.map(nameOf)).size;
  await eventually(() => distinct() === ids.length * 25, { what: 'all events' });
  for (const id of ids)
    t.deepEqual(
      firsts(stand.seqs(id)),
      Array.from({ length: 25 }, (_, index) => index + 1),
    );
});

/** Without repetitions, in the order in which each came first. */
function firsts(seqs: readonly number[]): number[] {
  return [...new Set(seqs)];
}

/** Whether no transaction is open that could keep back what was committed. */
async function isPast({ database }: RelayStand): Promise<boolean> {
  const [row] = await database.query<{ past: boolean }>(
    'select max(xid::text::bigint) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint as past from session_events',
  );
  return row?.past ?? false;
}

test('what was heard is published without being read again, in its order, and only if it is in the history', async (t) => {
  await using stand = await RelayStand.open();
  const relay = stand.start();
  await eventually(async () => (await relay.figures()).active, { what: 'its turn' });
  const [id, never] = [await stand.session(0), await stand.session(0)];
  // Told with other contents than the stored ones, so that it shows where they come from.
  const heard = (sessionId: string, seq: number): StoredSessionEvent => ({
    sessionId,
    tenant: 'acme',
    seq,
    commandId: null,
    epoch: 1,
    cause: { kind: 'system', id: 'test' },
    at: new Date().toISOString(),
    type: 'session.child-added',
    data: { childId: 'as heard' },
  });
  const pool = await stand.database.orm.em.getConnection().getNativeClient();
  const open = await pool.connect();
  try {
    await open.query('begin');
    for (const seq of [1, 2, 3]) await append((sql, parameters) => open.query(sql, [...parameters]), id, seq);
    relay.hear([heard(id, 2), heard(never, 1)]);
    await open.query('commit');
  } finally {
    open.release();
  }
  relay.hear([]);
  await eventually(() => stand.published.length === 3, { what: 'all three events' });
  t.deepEqual(stand.ids, [`${id}:1`, `${id}:2`, `${id}:3`]);
  const contents = stand.published.map(({ data }) => data as { childId: string });
  t.deepEqual(
    contents.map(({ childId }) => childId),
    ['child', 'as heard', 'child'],
  );
});

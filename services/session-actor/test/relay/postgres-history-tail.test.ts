import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createPostgresHistoryTail } from '../../src/adapters/postgres-history-tail.ts';
import { append } from '../support/history.ts';
import { RelayStand } from '../support/relay-stand.ts';

/** More transactions than any server of ours has seen. */
const FAR = 4_000_000_000_000n;

test('the noted place never goes back', async (t) => {
  await using stand = await RelayStand.open();
  const tail = createPostgresHistoryTail(stand.database);
  const from = await tail.begin();
  await stand.session(3);
  const { end } = await eventually(async () => {
    const page = await tail.read(from);
    return page.events.length === 3 ? page : null;
  });
  if (!end) return t.fail();
  await tail.moveTo(end);
  await tail.moveTo(from);
  t.deepEqual(await tail.begin(), end);
  await tail.moveTo({ ...end, position: '0' });
  t.deepEqual(await tail.begin(), end);
});

test('the age of what is unpublished grows until it is noted as published', async (t) => {
  await using stand = await RelayStand.open();
  const tail = createPostgresHistoryTail(stand.database);
  const from = await tail.begin();
  t.is(await tail.backlogAgeMs(), 0);
  await stand.session(1);
  const first = await eventually(() => tail.backlogAgeMs());
  await eventually(async () => (await tail.backlogAgeMs()) > first, { what: 'more age' });
  const { end } = await eventually(async () => {
    const page = await tail.read(from);
    return page.end ? page : null;
  });
  if (!end) return t.fail();
  await tail.moveTo(end);
  t.is(await tail.backlogAgeMs(), 0);
});

test('who keeps the history back can be named', async (t) => {
  await using stand = await RelayStand.open();
  const tail = createPostgresHistoryTail(stand.database);
  const pool = await stand.database.orm.em.getConnection().getNativeClient();
  const open = await pool.connect();
  try {
    await open.query("set application_name = 'a long report'");
    await open.query('begin');
    await open.query('select pg_current_xact_id()');
    // Others who use the server may have older ones open for a moment.
    const holdUp = await eventually(async () => {
      const found = await tail.holdUp();
      return found?.application === 'a long report' ? found : null;
    });
    t.true(holdUp.pid > 0 && holdUp.sinceMs >= 0);
  } finally {
    await open.query('rollback');
    open.release(true);
  }
});

test('a history whose cursor is lost is published from now on', async (t) => {
  await using stand = await RelayStand.open();
  const id = await stand.session(2);
  await stand.database.query('delete from relay_cursors');
  // Only once nothing of before can count as open any more.
  await eventually(async () => {
    const [row] = await stand.database.query<{ past: boolean }>(
      'select max(xid::text::bigint) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint as past from session_events',
    );
    return row?.past;
  });
  stand.start();
  await eventually(async () => (await stand.database.query('select 1 from relay_cursors')).length === 1);
  await stand.append(id, 3);
  await eventually(() => stand.published.length > 0);
  t.deepEqual(stand.seqs(id), [3]);
});

test('a database restored on a server that counts fewer transactions is published on: all that was not, and all that is new', async (t) => {
  await using stand = await RelayStand.open();
  const { database } = stand;
  const [old, late, slow] = [await stand.session(3), await stand.session(2), await stand.session(1)];
  // As the other server had numbered them: `old` and the first of `late` are published, `slow` committed last of all.
  await renumber(stand, old, FAR);
  await renumber(stand, late, FAR + 10n);
  await renumber(stand, slow, FAR + 20n);
  await database.query(
    `update relay_cursors set xid = $1::xid8, position = (select position from session_events where session_id = $2::uuid and seq = 1)`,
    [String(FAR + 11n), late],
  );
  // And what came in before anybody looked.
  await stand.append(old, 4);
  await stand.append(late, 3);
  stand.start();
  await eventually(() => stand.published.length >= 4, { what: 'what was not published' });
  t.deepEqual([stand.seqs(old), stand.seqs(late), stand.seqs(slow)], [[4], [2, 3], [1]]);
  await stand.append(slow, 2);
  await eventually(() => stand.seqs(slow).includes(2), { what: 'what is new' });
  t.is(stand.published.length, 5);
});

test('restored events are put right even where the cursor is within the count of the new server', async (t) => {
  await using stand = await RelayStand.open();
  const id = await stand.session(0);
  await append((sql, parameters) => stand.database.query(sql, parameters), id, 1);
  await renumber(stand, id, FAR);
  await stand.append(id, 2);
  stand.start();
  await eventually(() => stand.published.length >= 2, { what: 'both' });
  t.deepEqual(stand.seqs(id), [1, 2]);
});

/** As if another server had committed them, each in a transaction of its own. */
async function renumber({ database }: RelayStand, sessionId: string, from: bigint): Promise<void> {
  await database.query('update session_events set xid = ($2::bigint + seq)::text::xid8 where session_id = $1::uuid', [
    sessionId,
    String(from),
  ]);
}

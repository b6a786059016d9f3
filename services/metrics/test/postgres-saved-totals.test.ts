import { openTestDatabase } from '@oio/persistence/testing';
import test from 'ava';
import { createPostgresSavedTotals } from '../src/adapters/postgres-saved-totals.ts';
import type { HistoryPlace } from '../src/ports.ts';
import type { StoredTotals } from '../src/totals.ts';

const totalsOf = (steps: number): StoredTotals => ({ session_steps_total: { '[]': steps } });

test('of totals the latest are kept, whoever stores them in which order, and only of places that there are', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const places = await database.query<HistoryPlace>(
    `insert into session_events (session_id, seq, type, data, epoch, cause, at)
     select gen_random_uuid(), 1, 'session.created', '{}', 1, '{}', now() from generate_series(1, 3)
     returning xid::text as xid, position::text as position`,
  );
  const [first, second, third] = places;
  if (!first || !second || !third) throw new Error('There are too few places.');
  const saved = createPostgresSavedTotals(database);
  t.is(await saved.load(), null);
  await saved.save({ place: second, totals: totalsOf(2) });
  t.deepEqual(await saved.load(), { place: second, totals: totalsOf(2) });
  await saved.save({ place: first, totals: totalsOf(1) });
  t.deepEqual(await saved.load(), { place: second, totals: totalsOf(2) });
  await saved.save({ place: { xid: third.xid, position: '4000000' }, totals: totalsOf(9) });
  t.deepEqual(await saved.load(), { place: second, totals: totalsOf(2) });
  await saved.save({ place: third, totals: totalsOf(3) });
  t.deepEqual(await saved.load(), { place: third, totals: totalsOf(3) });

  // After a restore the events are at other places; what was counted up to one that is gone gives way.
  await database.query(`update session_events set xid = '1'`);
  await saved.save({ place: { ...first, xid: '1' }, totals: totalsOf(1) });
  t.deepEqual(await saved.load(), { place: { ...first, xid: '1' }, totals: totalsOf(1) });
});

import type { StoredSessionEvent } from '@oio/contracts';
import test from 'ava';
import { advance, type SessionProgress } from '../src/session-progress.ts';
import { StatusCounts } from '../src/status-counts.ts';
import { Life } from './support/life.ts';

function follow(counts: StatusCounts, events: readonly StoredSessionEvent[]): void {
  let progress: SessionProgress | undefined;
  for (const event of events) {
    counts.apply(event, progress);
    progress = advance(progress, event);
  }
}

test('sessions are counted where they are', (t) => {
  const counts = new StatusCounts();
  follow(counts, new Life().history);
  follow(counts, new Life().dispatch().history);
  follow(counts, new Life().dispatch().complete().history);
  t.deepEqual([counts.of('pending'), counts.of('queued'), counts.of('running'), counts.of('completed')], [0, 1, 1, 1]);
});

test('a deleted session is not counted any more', (t) => {
  const counts = new StatusCounts();
  follow(counts, new Life().dispatch().complete().order({ name: 'delete', payload: {} }).history);
  t.is(counts.of('completed'), 0);
});

test('a new count replaces what was known, apart from what happens meanwhile', async (t) => {
  const counts = new StatusCounts();
  const before = new Life({ startMs: 1_000 });
  const meanwhile = new Life({ startMs: 3_000 });
  await counts.recount(async () => {
    follow(counts, meanwhile.history);
    return { atMs: 2_000, counts: { queued: 7 } };
  });
  t.is(counts.of('queued'), 8);
  follow(counts, before.history);
  t.is(counts.of('queued'), 8, 'it was counted in the database already');
});

test('a count that fails leaves the old one', async (t) => {
  const counts = new StatusCounts();
  follow(counts, new Life().history);
  await t.throwsAsync(counts.recount(() => Promise.reject(new Error('The database is away.'))));
  t.is(counts.of('queued'), 1);
});

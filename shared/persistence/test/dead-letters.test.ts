import { randomUUID } from 'node:crypto';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createPostgresDeadLetters, type Database, type NewDeadLetter } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';

function letter(more: Partial<NewDeadLetter> = {}): NewDeadLetter {
  return {
    subject: 'session.create',
    consumer: 'session-actor',
    reason: 'malformed',
    detail: 'title: is missing',
    payload: '{"v":1}',
    encoding: 'text',
    truncated: false,
    ...more,
  };
}

test('what is parked can be listed, the newest first, page by page', async (t) => {
  await using opened = await openTestDatabase();
  const letters = createPostgresDeadLetters(opened.database);
  for (const detail of ['one', 'two', 'three', 'four', 'five']) await letters.park(letter({ detail }));
  const first = await letters.list({ limit: 3, after: null });
  t.deepEqual(
    first.map(({ detail }) => detail),
    ['five', 'four', 'three'],
  );
  const second = await letters.list({ limit: 3, after: first.at(-1)?.id ?? null });
  t.deepEqual(
    second.map(({ detail }) => detail),
    ['two', 'one'],
  );
  const { id, receivedAt, ...rest } = first[0] ?? t.fail();
  t.deepEqual(rest as object, { ...letter({ detail: 'five' }), replayedAt: null });
  t.regex(receivedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.is((await letters.get(id))?.detail, 'five');
});

test('a letter that was replayed says when', async (t) => {
  await using opened = await openTestDatabase();
  const letters = createPostgresDeadLetters(opened.database);
  await letters.park(letter());
  const [{ id } = t.fail()] = await letters.list({ limit: 1, after: null });
  t.true(await letters.markReplayed(id));
  t.regex((await letters.get(id))?.replayedAt ?? '', /Z$/);
  t.false(await letters.markReplayed(randomUUID()));
  t.is(await letters.get(randomUUID()), null);
});

test('nothing is too long or too strange to be kept', async (t) => {
  await using opened = await openTestDatabase();
  const letters = createPostgresDeadLetters(opened.database);
  const payload = `\0${'x'.repeat(1_000_000)}`;
  await letters.park(letter({ subject: 'a\0b', detail: '\uD800 "\'\\ \u{1F98A}', payload }));
  const [kept = t.fail()] = await letters.list({ limit: 1, after: null });
  t.deepEqual([kept.subject, kept.payload.length, kept.truncated], ['a\uFFFDb', 90_000, true]);
  t.is(letters.dropped, 0);
});

test('only the newest ten thousand are kept', async (t) => {
  await using opened = await openTestDatabase();
  await opened.database.query(
    `insert into dead_letters (id, subject, consumer, reason, detail, payload, encoding, truncated)
     select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 's', 'c', 'malformed', n::text, '', 'text', false
     from generate_series(1, 12000) n`,
  );
  await createPostgresDeadLetters(opened.database).park(letter());
  const [row] = await opened.database.query<{ count: number; oldest: string }>(
    'select count(*)::int as count, min(detail::int) filter (where subject = $1)::text as oldest from dead_letters',
    ['s'],
  );
  t.deepEqual(row, { count: 10_000, oldest: '2002' });
});

test('a flood is kept in part, and the rest is counted', async (t) => {
  await using opened = await openTestDatabase();
  let nowMs = 0;
  const told: number[] = [];
  const options = { monotonicMs: () => nowMs, onDrop: (dropped: number) => told.push(dropped) };
  const letters = createPostgresDeadLetters(opened.database, options);
  for (let wave = 0; wave < 20; wave += 1) await Promise.all(Array.from({ length: 100 }, () => letters.park(letter())));
  t.is(letters.dropped, 1_500);
  t.deepEqual(told, [1, 1_001]);
  nowMs += 2_000;
  await Promise.all(Array.from({ length: 200 }, () => letters.park(letter())));
  t.is(letters.dropped, 1_500, 'two seconds let two hundred pass');
});

test('while the database is away letters wait, but not too many of them', async (t) => {
  await using opened = await openTestDatabase();
  let isAway = true;
  const query: Database['query'] = async (...args) => {
    if (isAway) throw new Error('It is away.');
    return opened.database.query(...args);
  };
  const letters = createPostgresDeadLetters({ ...opened.database, query });
  const parked = Array.from({ length: 300 }, () => letters.park(letter()));
  await eventually(() => letters.dropped === 100, { what: 'what is too much' });
  isAway = false;
  await Promise.all(parked);
  const [row] = await opened.database.query<{ count: number }>('select count(*)::int as count from dead_letters');
  t.is(row?.count, 200);
  t.is(letters.dropped, 100);
});

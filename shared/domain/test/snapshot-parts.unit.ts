import test from 'ava';
import { partsOf, readSnapshot, type StoredSession, toSessionView } from '../src/index.ts';
import { completed, prepared, submitted } from './sessions.ts';

test('every snapshot that the domain makes can be read', (t) => {
  for (const snapshot of [submitted(), prepared(submitted()), completed(prepared(submitted()))]) {
    const read = readSnapshot(JSON.parse(JSON.stringify(partsOf(snapshot))) as StoredSession);
    t.deepEqual(read, snapshot);
    t.notThrows(() => toSessionView(read ?? snapshot, snapshot.updatedAt));
  }
});

test('a state of another shape cannot be read', (t) => {
  const { birth, state } = partsOf(submitted());
  const others: readonly unknown[] = [
    null,
    {},
    [],
    'text',
    7,
    { ...state, status: 'hibernating' },
    { ...state, version: 'seven' },
    { ...state, id: 7 },
    { ...state, createdAt: null },
    { ...state, timers: null },
    { ...state, childIds: 3 },
    { ...state, usage: {} },
    { ...state, attempt: 'first' },
    { schema: 99, state: { ...state } },
  ];
  for (const other of others) t.is(readSnapshot({ birth, state: other }), null, JSON.stringify(other)?.slice(0, 60));
});

test('a session whose first event is missing or of another shape cannot be read', (t) => {
  const { birth: whole, state } = partsOf(submitted());
  const { session, ...birth } = whole;
  const others: readonly unknown[] = [
    null,
    {},
    [],
    'text',
    birth,
    { ...birth, session: null },
    { created: { session } },
  ];
  for (const other of others) t.is(readSnapshot({ birth: other, state }), null, JSON.stringify(other)?.slice(0, 60));
});

test('a row that holds the whole snapshot, as all did once, is read alike', (t) => {
  const snapshot = prepared(submitted());
  const { birth } = partsOf(snapshot);
  t.is(JSON.stringify(readSnapshot({ birth, state: snapshot })), JSON.stringify(snapshot));
});

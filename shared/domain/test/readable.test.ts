import test from 'ava';
import { isReadable, toSessionView } from '../src/index.ts';
import { completed, prepared, submitted } from './sessions.ts';

test('every snapshot that the domain makes can be read', (t) => {
  for (const snapshot of [submitted(), prepared(submitted()), completed(prepared(submitted()))]) {
    t.true(isReadable(snapshot));
    t.notThrows(() => toSessionView(JSON.parse(JSON.stringify(snapshot)) as typeof snapshot, snapshot.updatedAt));
  }
});

test('what has another shape cannot be read', (t) => {
  const snapshot = submitted();
  const others: readonly unknown[] = [
    null,
    {},
    [],
    'text',
    7,
    { ...snapshot, status: 'hibernating' },
    { ...snapshot, version: 'seven' },
    { ...snapshot, timers: null },
    { ...snapshot, childIds: 3 },
    { ...snapshot, usage: {} },
    { ...snapshot, attempt: 'first' },
    { schema: 99, state: { ...snapshot } },
  ];
  for (const other of others) t.false(isReadable(other), JSON.stringify(other)?.slice(0, 60));
});

import test from 'ava';
import { idAt, timeOf } from '../src/derived-id.ts';
import { newId, newMessageId } from '../src/ids.ts';

const MANY = 20_000;

test('ids are UUIDs of version 7, all different, in the order they were made, also within a millisecond', (t) => {
  const ids = Array.from({ length: MANY }, newId);
  t.true(ids.every((id) => /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id)));
  t.is(new Set(ids).size, MANY);
  t.deepEqual(ids, ids.toSorted());
});

test('an id begins with the instant it was made', (t) => {
  const beforeMs = Date.now();
  const madeMs = Number.parseInt(newId().replace('-', '').slice(0, 12), 16);
  t.true(madeMs >= beforeMs - 1 && madeMs <= Date.now() + 10);
});

test('an id of an instant begins with it, and is another one for each purpose', (t) => {
  const at = '2027-01-01T03:00:00.000Z';
  const id = idAt(at, ['schedule', 'a']);
  t.regex(id, /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  t.is(timeOf(id), Date.parse(at));
  t.is(idAt(at, ['schedule', 'a']), id);
  t.not(idAt(at, ['schedule', 'b']), id);
  t.not(idAt('2027-01-01T03:01:00.000Z', ['schedule', 'a']), id);
});

test('message ids have the form of OpenCode, are all different, and ordered also within a millisecond', (t) => {
  const now = Date.now();
  const ids = Array.from({ length: MANY }, () => newMessageId(now));
  t.true(ids.every((id) => /^msg_[\da-f]{12}[\dA-Za-z]{14}$/.test(id)));
  t.is(new Set(ids).size, MANY);
  t.deepEqual(ids, ids.toSorted());
});

test('a message id tells the low 36 bits of its millisecond as OpenCode writes it', (t) => {
  // Later than the ids above, whose counter runs ahead of the time.
  const atMs = Date.now() + 3_600_000;
  const expected = (BigInt(atMs) * 4096n).toString(16).slice(-12);
  t.is(newMessageId(atMs).slice(4, 16), expected);
});

test('a message id sorts after a given one of a clock that is ahead, and no other id is later for that', (t) => {
  const ahead = newMessageId(Date.now() + 86_400_000, null);
  const tomorrow = `msg_${((BigInt(Date.now()) + 172_800_000n) * 4096n).toString(16).slice(-12)}zzzzzzzzzzzzzz`;
  t.true(newMessageId(Date.now(), tomorrow) > tomorrow);
  t.true(newMessageId(Date.now()) > ahead);
  t.true(newMessageId(Date.now()) < tomorrow);
  t.true(newMessageId(Date.now(), ahead) > ahead);
});

test('an id that is none of OpenCode makes no difference', (t) => {
  t.regex(newMessageId(Date.now(), 'msg_1'), /^msg_[\da-f]{12}[\dA-Za-z]{14}$/);
});

test('a message id made after the clock was put back still sorts last', (t) => {
  const ahead = newMessageId(Date.now() + 7_200_000);
  t.true(newMessageId(Date.now()) > ahead);
});

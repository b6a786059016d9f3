import test from 'ava';
import { KnownOwners } from '../src/known-owners.ts';

test('beyond its capacity the owner that was not used for the longest is forgotten', (t) => {
  const known = new KnownOwners(2);
  known.remember('first', 'a');
  known.remember('second', 'a');
  known.remember('first', 'b');
  known.remember('third', 'c');
  t.deepEqual(
    ['first', 'second', 'third'].map((id) => known.get(id)),
    ['b', undefined, 'c'],
  );
});

test('an owner that is forgotten is not known', (t) => {
  const known = new KnownOwners(2);
  known.remember('session', 'a');
  known.forget('session');
  known.forget('never known');
  t.is(known.get('session'), undefined);
});

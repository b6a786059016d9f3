import test from 'ava';
import { Fences } from '../src/fences.ts';

function openFences(epochs: Record<string, number>) {
  return new Fences((sessionId) => epochs[sessionId] ?? null);
}

test('each order that may have reached somebody is followed by a higher one, over all owners', (t) => {
  const epochs = { a: 1 };
  const fences = openFences(epochs);
  const first = fences.next('a');
  t.deepEqual(first, { epoch: 1, fence: 1_000_001 });
  if (first) fences.unused('a', first);
  t.deepEqual(fences.next('a'), { epoch: 1, fence: 1_000_001 });
  t.deepEqual(fences.next('a'), { epoch: 1, fence: 1_000_002 });
  if (first) fences.unused('a', first);
  t.deepEqual(fences.next('a'), { epoch: 1, fence: 1_000_003 }, 'a late word about an old order changes nothing');
  epochs.a = 3;
  t.deepEqual(fences.next('a'), { epoch: 3, fence: 3_000_001 });
});

test('what was ordered under a number is not ordered to somebody else under the same one', (t) => {
  const fences = openFences({ a: 2 });
  t.deepEqual(fences.present('a'), { epoch: 2, fence: 2_000_001 });
  t.deepEqual(fences.next('a'), { epoch: 2, fence: 2_000_002 });
  t.deepEqual(fences.present('a'), { epoch: 2, fence: 2_000_002 });
});

test('who does not own a session orders nothing for it', (t) => {
  const epochs: Record<string, number> = { a: 1 };
  const fences = openFences(epochs);
  fences.next('a');
  delete epochs['a'];
  t.is(fences.next('a'), null);
  t.is(fences.present('a'), null);
  fences.keepOnly(new Set());
  epochs['a'] = 1;
  t.deepEqual(fences.next('a'), { epoch: 1, fence: 1_000_001 });
});

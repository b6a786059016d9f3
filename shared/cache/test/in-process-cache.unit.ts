import test from 'ava';
import { createInProcessCache } from '../src/in-process-cache.ts';
import { cacheContract } from '../src/testing/cache-contract.ts';

cacheContract(test, async () => {
  let nowMs = 1_000;
  return {
    cache: createInProcessCache({ monotonicMs: () => nowMs }),
    passMs: async (ms) => {
      nowMs += ms;
    },
  };
});

test('beyond its number the value that was not used for the longest goes', async (t) => {
  const cache = createInProcessCache({ mostValues: 2 });
  for (const key of ['first', 'second']) await cache.set(key, key, 60);
  await cache.get('first');
  await cache.set('third', 'third', 60);
  t.deepEqual(await Promise.all(['first', 'second', 'third'].map((key) => cache.get(key))), [
    'first',
    undefined,
    'third',
  ]);
});

test('beyond its size old values go until the new one fits, and what is replaced counts no more', async (t) => {
  const cache = createInProcessCache({ mostCharacters: 100 });
  for (let round = 0; round < 10; round += 1) await cache.set('same', 'x'.repeat(40), 60);
  await cache.set('other', 'x'.repeat(40), 60);
  t.truthy(await cache.get('same'));
  await cache.set('third', 'x'.repeat(90), 60);
  t.is(await cache.get('same'), undefined);
  t.is(await cache.get('other'), undefined);
  t.truthy(await cache.get('third'));
});

test('a value that alone is beyond the size is not kept', async (t) => {
  const cache = createInProcessCache({ mostCharacters: 10 });
  await cache.set('key', 'x'.repeat(20), 60);
  t.is(await cache.get('key'), undefined);
  await cache.set('key', 'small', 60);
  t.is(await cache.get('key'), 'small');
});

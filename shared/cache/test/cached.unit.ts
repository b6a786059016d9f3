import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import type { Cache } from '../src/cache.ts';
import { cached } from '../src/cached.ts';
import { createInProcessCache } from '../src/in-process-cache.ts';

const parse = (kept: unknown): number => {
  if (typeof kept !== 'number') throw new TypeError('Not a number.');
  return kept;
};

/** What is asked, and how often it had to be loaded. */
function counted(cache: Cache): { ask: () => Promise<number>; loads: () => number } {
  let loads = 0;
  const load = async (): Promise<number> => {
    loads += 1;
    return loads;
  };
  return { ask: () => cached(cache, 'key', { ttlSeconds: 60, parse, load }), loads: () => loads };
}

test('an answer is loaded once and kept', async (t) => {
  const { ask, loads } = counted(createInProcessCache());
  t.deepEqual([await ask(), await ask(), await ask()], [1, 1, 1]);
  t.is(loads(), 1);
});

test('an answer that is not what is expected today is loaded anew and replaced', async (t) => {
  const cache = createInProcessCache();
  await cache.set('key', 'from another version', 60);
  const { ask } = counted(cache);
  t.is(await ask(), 1);
  t.is(await eventually(() => cache.get('key')), 1);
});

test('a cache that is away only costs the loading', async (t) => {
  const away: Cache = { get: () => Promise.reject(new Error('away')), set: () => Promise.reject(new Error('away')) };
  const { ask } = counted(away);
  t.deepEqual([await ask(), await ask()], [1, 2]);
});

test('nobody waits until an answer is kept', async (t) => {
  const slow: Cache = { get: async () => undefined, set: () => new Promise(() => {}) };
  t.is(await counted(slow).ask(), 1);
});

test('what loading throws is thrown, and not kept', async (t) => {
  const cache = createInProcessCache();
  const load = (): Promise<number> => Promise.reject(new Error('no agents'));
  await t.throwsAsync(cached(cache, 'key', { ttlSeconds: 60, parse, load }), { message: 'no agents' });
  t.is(await counted(cache).ask(), 1);
});

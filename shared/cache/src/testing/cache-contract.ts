import type { ExecutionContext, TestFn } from 'ava';
import type { Cache } from '../cache.ts';

/** A cache of its own for one test, and the clock that its values live by. */
export interface CacheUnderTest {
  readonly cache: Cache;
  /** Lets so much time pass, on a clock of the test or in fact. */
  readonly passMs: (ms: number) => Promise<void>;
}

const MANY_SECONDS = 60;
/** Longer than a slow machine takes for one call, and short enough to really wait for. */
const SHORT_SECONDS = 3;

type Behaviours = Readonly<Record<string, (t: ExecutionContext, under: CacheUnderTest) => Promise<void>>>;

/** What every implementation of the cache promises, as AVA tests. */
export function cacheContract(test: TestFn, open: () => Promise<CacheUnderTest>): void {
  for (const [title, behave] of Object.entries(behaviours)) test(title, async (t) => behave(t, await open()));
}

const behaviours: Behaviours = {
  async 'there is nothing under a key that was never set'(t, { cache }) {
    t.is(await cache.get('key'), undefined);
  },

  async 'what is set is found as it is'(t, { cache }) {
    const values: unknown[] = [null, false, 0, '', 'ünïcode ☃ \0', [], {}, { a: [1, { b: null }], constructor: 'x' }];
    for (const [index, value] of values.entries()) await cache.set(`key ${index}`, value, MANY_SECONDS);
    for (const [index, value] of values.entries()) t.deepEqual(await cache.get(`key ${index}`), value);
  },

  async 'keys are apart, however they are spelled'(t, { cache }) {
    const keys = ['', 'a', 'a:b', 'a b', 'A', '*', '{a}', 'é', 'a\r\nb', '__proto__', 'x'.repeat(2_000)];
    for (const key of keys) await cache.set(key, { key }, MANY_SECONDS);
    for (const key of keys) t.deepEqual(await cache.get(key), { key });
  },

  async 'a value takes the place of the one before'(t, { cache }) {
    await cache.set('key', 'first', MANY_SECONDS);
    await cache.set('key', 'second', MANY_SECONDS);
    t.is(await cache.get('key'), 'second');
  },

  async 'a value is gone when its time is over'(t, { cache, passMs }) {
    await cache.set('short', 1, SHORT_SECONDS);
    await cache.set('long', 2, MANY_SECONDS);
    t.is(await cache.get('short'), 1);
    await passMs(SHORT_SECONDS * 1_200);
    t.is(await cache.get('short'), undefined);
    t.is(await cache.get('long'), 2);
  },

  async 'a value that is set again lives from then on'(t, { cache, passMs }) {
    await cache.set('key', 1, SHORT_SECONDS);
    await cache.set('key', 2, MANY_SECONDS);
    await passMs(SHORT_SECONDS * 1_200);
    t.is(await cache.get('key'), 2);
  },

  async 'who changes a value changes only a copy'(t, { cache }) {
    const given = { list: [1] };
    await cache.set('key', given, MANY_SECONDS);
    given.list.push(2);
    const found = (await cache.get('key')) as typeof given;
    found.list.push(3);
    t.deepEqual(await cache.get('key'), { list: [1] });
  },

  async 'long values of all kinds are found as they are'(t, { cache }) {
    const noise = Array.from({ length: 50_000 }, () => Math.random());
    for (const value of ['x'.repeat(1_000_000), 'é'.repeat(513), noise]) {
      await cache.set('key', value, MANY_SECONDS);
      t.deepEqual(await cache.get('key'), value);
    }
  },

  async 'a value that is too large is refused, and the one before stays'(t, { cache }) {
    await cache.set('key', 'small', MANY_SECONDS);
    const tooLarge = cache.set('key', 'x'.repeat(8 * 1024 * 1024), MANY_SECONDS);
    await t.throwsAsync(tooLarge, { name: 'InvalidError', code: 'cache_value_too_large' });
    t.is(await cache.get('key'), 'small');
  },

  async 'a value that JSON cannot say is a bug'(t, { cache }) {
    await t.throwsAsync(cache.set('key', undefined, MANY_SECONDS), { instanceOf: TypeError });
  },
};

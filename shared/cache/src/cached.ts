import type { Cache } from './cache.ts';

/** How an answer is made, kept and read. */
export interface Cached<T> {
  /** How long an answer is kept. The product's default is 300 s, and only for what changes rarely. */
  readonly ttlSeconds: number;
  /** Makes sure that what was kept is what is expected today, as a schema's `parse`; throws if not, and it is loaded anew. */
  readonly parse: (kept: unknown) => T;
  readonly load: () => Promise<T>;
}

/**
 * The answer that is kept under the key, else the one that is loaded, which is kept from then on. A cache that is away only
 * costs the loading. Throws what `load` throws, and keeps nothing then.
 */
export async function cached<T>(cache: Cache, key: string, { ttlSeconds, parse, load }: Cached<T>): Promise<T> {
  const kept = await cache.get(key).catch(() => undefined);
  if (kept !== undefined) {
    try {
      return parse(kept);
    } catch {
      // Written by another version, or damaged.
    }
  }
  const answer = await load();
  // Nobody waits until it is kept, and one that cannot be kept is loaded again.
  cache.set(key, answer, ttlSeconds).catch(() => {});
  return answer;
}

import type { Cache } from './cache.ts';
import { toJsonText } from './json-text.ts';

export interface InProcessCacheOptions {
  /** How many values are kept; the least recently used one goes first. Default 1,000. */
  readonly mostValues?: number;
  /** How much is kept in all, in characters of JSON. Default 16 Mi. */
  readonly mostCharacters?: number;
  readonly monotonicMs?: () => number;
}

interface Entry {
  readonly text: string;
  readonly endsAtMs: number;
}

/** A cache of one process, bounded in number and size. */
export function createInProcessCache(options: InProcessCacheOptions = {}): Cache {
  const { mostValues = 1_000, mostCharacters = 16 * 1024 * 1024, monotonicMs = () => performance.now() } = options;
  // In the order of their last use.
  const entries = new Map<string, Entry>();
  let characters = 0;

  const take = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    entries.delete(key);
    characters -= entry?.text.length ?? 0;
    return entry;
  };
  const put = (key: string, entry: Entry): void => {
    entries.set(key, entry);
    characters += entry.text.length;
    for (const oldest of entries.keys()) {
      if (entries.size <= mostValues && characters <= mostCharacters) return;
      take(oldest);
    }
  };

  return {
    async get(key) {
      const entry = take(key);
      if (entry === undefined || entry.endsAtMs <= monotonicMs()) return undefined;
      put(key, entry);
      return JSON.parse(entry.text) as unknown;
    },
    async set(key, value, ttlSeconds) {
      const text = toJsonText(key, value);
      take(key);
      put(key, { text, endsAtMs: monotonicMs() + ttlSeconds * 1_000 });
    },
  };
}

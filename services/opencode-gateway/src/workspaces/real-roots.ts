import { realpath } from 'node:fs/promises';
import { knownForASecond } from './known-for-a-second.ts';

/** The real paths of the roots that exist, looked up once a second at most: there are two questions per session. */
export function createRealRoots(roots: readonly string[]): () => Promise<readonly string[]> {
  const realOf = knownForASecond((root) => realpath(root).catch(() => null));
  return async () => (await Promise.all(roots.map(realOf))).filter((path) => path !== null);
}

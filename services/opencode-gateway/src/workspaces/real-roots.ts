import { realpath } from 'node:fs/promises';

/** For how long it is known where a root leads, in milliseconds. They are the operator's and move rarely, if ever. */
const KNOWN_MS = 1_000;

/** The real paths of the roots that exist, looked up once a second at most: there are two questions per session. */
export function createRealRoots(roots: readonly string[]): () => Promise<readonly string[]> {
  let known: { readonly paths: Promise<readonly string[]>; readonly untilMs: number } | null = null;
  return () => {
    if (known && known.untilMs > performance.now()) return known.paths;
    const paths = Promise.all(roots.map((root) => realpath(root).catch(() => null))).then((found) =>
      found.filter((path) => path !== null),
    );
    known = { paths, untilMs: performance.now() + KNOWN_MS };
    return paths;
  };
}

import { stat } from 'node:fs/promises';
import type { Logger } from '@oio/runtime';

/** Says which roots are no directory at the start: a misspelled one refuses every session, and a mount may come late. */
export async function tellMissingRoots(roots: readonly string[], logger: Logger): Promise<void> {
  for (const root of roots) {
    const found = await stat(root).catch(() => null);
    if (!found?.isDirectory()) logger.warn({ root }, 'root is no directory yet: sessions in it are refused');
  }
}

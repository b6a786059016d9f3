import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@oio/persistence';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import type { Place } from './scene.ts';

/** A directory and a PostgreSQL in it, which are gone afterwards, also when this process is ended in the midst of it. */
export function inPlace<T>(task: (place: Place) => Promise<T>): Promise<T> {
  return withTemporaryDirectory({ prefix: 'oio-faults-' }, async (root) => {
    // The database may run under another user, who has to pass.
    await chmod(root, 0o711);
    await using postgres = await startEmbeddedPostgres({ directory: join(root, 'postgres') });
    return await task({ root, postgres: postgres.url });
  });
}

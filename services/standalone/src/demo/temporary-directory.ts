import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A new directory of the demo's own, removed with everything in it. Throws `StartupError` when none can be made. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  try {
    const path = await realpath(await mkdtemp(join(tmpdir(), 'oio-demo-')));
    // As root the database runs as another user, who has to get through to its own directory.
    await chmod(path, 0o711);
    return {
      path,
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(
      `No temporary directory can be made: ${reason}. Set TMPDIR to a directory that can be written.`,
      EXIT_CODE.storage,
      { cause: error },
    );
  }
}

import { EXIT_CODE, StartupError } from '@oio/errors';
import { createGit, type PartialEnvironment } from './git.ts';

/** Throws a `StartupError` when git cannot be run: without it no session has a workspace. */
export async function requireGit({ environment }: { readonly environment: PartialEnvironment }): Promise<void> {
  try {
    await createGit({ environment })(['version'], { cwd: '/' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`git is needed and cannot be run: ${reason}`, EXIT_CODE.unavailable, { cause });
  }
}

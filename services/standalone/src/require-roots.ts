import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { EXIT_CODE, StartupError } from '@oio/errors';

/** Says at once that a root is no directory that can be used, rather than when the first session is refused for it. Throws `StartupError`. */
export async function requireRoots(roots: readonly string[]): Promise<void> {
  for (const root of roots) {
    const problem = await problemOf(root);
    if (problem)
      throw new StartupError(
        `The root ${root} ${problem}. Name a directory that sessions may work in with --root or WORKSPACE_ROOTS.`,
        EXIT_CODE.config,
      );
  }
}

async function problemOf(root: string): Promise<string | null> {
  const found = await stat(root).catch(() => null);
  if (!found) return 'does not exist';
  if (!found.isDirectory()) return 'is not a directory';
  const usable = await access(root, constants.R_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return usable ? null : 'may not be read by this user';
}

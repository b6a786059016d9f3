import { accessSync, constants, lstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Violation } from '@oio/errors';

export type Refusal = { readonly violation: Violation };

export interface CheckOptions {
  readonly directory: string;
  /** The real paths of the directories that sessions may work in. */
  readonly realRoots: () => Promise<readonly string[]>;
}

/** The real path of a directory that a session may work in, or why it may not. */
export async function checkDirectory({ directory, realRoots }: CheckOptions): Promise<{ directory: string } | Refusal> {
  if (!isAbsolute(directory)) return refuse('not_absolute', `must be an absolute path, not ${shown(directory)}`);
  if (/\p{Cc}/u.test(directory)) return refuse('not_printable', 'must not contain control characters');
  const roots = await realRoots();
  const { existing, complete, isDirectory } = isOwnRealPath(directory, roots)
    ? { existing: directory, complete: true, isDirectory: true }
    : await deepestExisting(directory);
  // Said of whatever lies outside, whether it exists or not: the answer must not tell.
  if (!roots.some((root) => isWithin(existing, root)))
    return refuse('outside_of_roots', `${shown(directory)} ${OUTSIDE_OF_ROOTS}`);
  if (!complete) return refuse('not_found', `${shown(directory)} does not exist`);
  if (!isDirectory) return refuse('not_a_directory', `${shown(directory)} is not a directory`);
  try {
    // In place, because its name was resolved just now: it takes a microsecond, and would cost twenty by the thread pool.
    accessSync(existing, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return refuse('not_accessible', `${shown(directory)} ${NOT_ACCESSIBLE}`);
  }
  return { directory: existing };
}

export const OUTSIDE_OF_ROOTS = 'is outside of the directories that sessions may work in';
const NOT_ACCESSIBLE = 'cannot be read and written by the user that the service runs as';

/**
 * Whether a path leads from a root, whose real path is known, through directories only: then it is its own real path. The
 * usual case, for a tenth of what it costs to have the system resolve it.
 */
function isOwnRealPath(directory: string, roots: readonly string[]): boolean {
  const root = roots.find((one) => isWithin(directory, one));
  if (root === undefined || resolve(directory) !== directory) return false;
  try {
    for (let path = directory; path !== root; path = dirname(path)) if (!lstatSync(path).isDirectory()) return false;
    return true;
  } catch {
    return false;
  }
}

interface Existing {
  readonly existing: string;
  readonly complete: boolean;
  readonly isDirectory: boolean;
}

/** The real path of a directory or, where it does not exist, of the nearest directory above that does. */
export async function deepestExisting(directory: string): Promise<Existing> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      const existing = await realpath(path);
      return { existing, complete: path === directory, isDirectory: (await stat(existing)).isDirectory() };
    } catch (error) {
      if (path === dirname(path)) throw error;
    }
  }
}

export function isWithin(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

export function refuse(code: string, message: string): Refusal {
  return { violation: { field: 'directory', code, message } };
}

export function shown(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

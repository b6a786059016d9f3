import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute } from 'node:path';
import { ConflictError } from '@oio/errors';
import { isSessionId } from './assert-ids.ts';
import { checkDirectory, deepestExisting, isWithin, OUTSIDE_OF_ROOTS, shown } from './check-directory.ts';
import { repositoryLayout } from './repository-layout.ts';
import { isWorktree, type Workspace, type Worktree } from './workspace.ts';

export interface Bounds {
  /** The real paths of the directories that sessions may work in. */
  readonly realRoots: () => Promise<readonly string[]>;
  readonly worktreesDirectory: string;
}

/**
 * Looks, before each use, whether a workspace lies where sessions may work: what was right when it was made may have become
 * a link that leads away. Throws `ConflictError` with a code of `inspectDirectory`, or `repository_missing`.
 */
export async function assertInside(workspace: Workspace, bounds: Bounds): Promise<void> {
  const { repositoryRoot } = workspace;
  // Without git no file of it is touched.
  if (repositoryRoot === null) return;
  if (isWorktree(workspace)) await assertWorktreeInside(workspace, bounds);
  else await assertInPlace(workspace, repositoryRoot, bounds);
  await repositoryLayout(repositoryRoot).catch((cause: unknown) => {
    throw new ConflictError(`There is no git repository at ${shown(repositoryRoot)} any more.`, {
      code: 'repository_missing',
      cause,
    });
  });
}

/** The repository may reach beyond the roots, but it has to be that of the directory. */
async function assertInPlace({ path, root }: Workspace, repositoryRoot: string, { realRoots }: Bounds): Promise<void> {
  const checked = await checkDirectory({ directory: path, realRoots });
  if ('violation' in checked) throw refused(checked.violation);
  if (root !== repositoryRoot || !isAbsolute(root) || !isWithin(path, root)) throw outside(root);
  if (!isWithin(checked.directory, (await deepestExisting(root)).existing)) throw outside(root);
}

async function assertWorktreeInside({ path, root, repositoryRoot }: Worktree, bounds: Bounds): Promise<void> {
  const isThere = await isPlaceOfWorktree(root, bounds.worktreesDirectory);
  if (isThere === null || !isWithin(path, root)) throw outside(root);
  if (isThere && !isWithin((await deepestExisting(path)).existing, root)) throw outside(path);
  await assertRepositoryInside(repositoryRoot, bounds);
}

/** Whether a worktree of ours is there, or was; null for whatever else the name stands for. */
async function isPlaceOfWorktree(root: string, worktreesDirectory: string): Promise<boolean | null> {
  const directory = await realpath(worktreesDirectory).catch(() => worktreesDirectory);
  if (dirname(root) !== directory || !isSessionId(basename(root))) return null;
  const found = await lstat(root).catch(() => null);
  if (found === null) return false;
  return found.isDirectory() ? true : null;
}

/** It lies inside of a root, or a root lies inside of it. */
async function assertRepositoryInside(repositoryRoot: string, { realRoots }: Bounds): Promise<void> {
  const checked = await checkDirectory({ directory: repositoryRoot, realRoots });
  if (!('violation' in checked) || checked.violation.code === 'not_found') return;
  if (checked.violation.code !== 'outside_of_roots') throw refused(checked.violation);
  const { existing, complete } = await deepestExisting(repositoryRoot);
  const isAround = complete && (await realRoots()).some((root) => isWithin(root, existing));
  if (!isAround) throw outside(repositoryRoot);
}

function outside(path: string): ConflictError {
  return refused({ code: 'outside_of_roots', message: `${shown(path)} ${OUTSIDE_OF_ROOTS}` });
}

function refused({ code, message }: { readonly code: string; readonly message: string }): ConflictError {
  return new ConflictError(`The workspace of the session cannot be used: ${message}.`, { code });
}

import { accessSync, constants, lstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { AppError, type Violation } from '@oio/errors';
import { type Git, GitError } from './git.ts';
import { repositoryLayout } from './repository-layout.ts';
import { hasTracesOfGit } from './traces-of-git.ts';

export interface InspectedDirectory {
  /** The real path: no symbolic links, no `..`. */
  readonly directory: string;
  /** Null where git does not track the directory; a session then runs in place. */
  readonly repository: InspectedRepository | null;
}

export interface InspectedRepository {
  /** Top of the working tree. */
  readonly root: string;
  /** The commit that is checked out; null in a repository without commits, where a session runs in place. */
  readonly revision: string | null;
  /** The directory, relative to `root`; '' when it is the root. */
  readonly subdirectory: string;
}

export interface Violations {
  readonly violations: readonly Violation[];
}

export interface InspectOptions {
  readonly git: Git;
  readonly directory: string;
  /** The real paths of the directories that sessions may work in. */
  readonly realRoots: () => Promise<readonly string[]>;
  /** Look for the subdirectory in this commit instead of the one that is checked out. */
  readonly revision?: string | null;
}

/**
 * Whether a session may work in a directory, and what git knows about it. A linked worktree and a submodule count as
 * repositories of their own, a detached HEAD is fine, a bare repository and the inside of `.git` are refused. A
 * subdirectory that the commit does not hold (ignored, or not added yet) counts as without git: a worktree would lack
 * its files. The repository may reach beyond the roots, the directory may not.
 */
export async function inspectDirectory(options: InspectOptions): Promise<InspectedDirectory | Violations> {
  const checked = await checkDirectory(options);
  if ('violation' in checked) return { violations: [checked.violation] };
  const found = await inspectRepository(options, checked.directory);
  if (found !== null && 'violation' in found) return { violations: [found.violation] };
  return { directory: checked.directory, repository: found };
}

type Refusal = { readonly violation: Violation };

async function checkDirectory({ directory, realRoots }: InspectOptions): Promise<{ directory: string } | Refusal> {
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

const OUTSIDE_OF_ROOTS = 'is outside of the directories that sessions may work in';
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
async function deepestExisting(directory: string): Promise<Existing> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      const existing = await realpath(path);
      return { existing, complete: path === directory, isDirectory: (await stat(existing)).isDirectory() };
    } catch (error) {
      if (path === dirname(path)) throw error;
    }
  }
}

function isWithin(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

type Found = InspectedRepository | Refusal | null;

async function inspectRepository({ git, revision }: InspectOptions, directory: string): Promise<Found> {
  const found = await readRepository(git, directory);
  if (found === null || 'violation' in found) return found;
  const { root, subdirectory } = found;
  const commit = revision ?? found.revision;
  if (subdirectory !== '' && commit !== null) {
    const name = `${commit}:${subdirectory.split(sep).join('/')}`;
    const { exitCode } = await git(['rev-parse', '--quiet', '--verify', name], { cwd: root, accept: [1, 128] });
    if (exitCode !== 0) return null;
  }
  return found;
}

async function readRepository(git: Git, directory: string): Promise<Found> {
  if (!hasTracesOfGit(directory)) return null;
  try {
    const { stdout } = await git(REV_PARSE, { cwd: directory, accept: [1] });
    const [inGitDirectory, root, revision] = stdout.split('\n');
    if (inGitDirectory !== 'false' || !root) return refuse('inside_git_directory', INSIDE_GIT_DIRECTORY);
    await repositoryLayout(root);
    return { root, revision: revision || null, subdirectory: relative(root, directory) };
  } catch (error) {
    return refusalOf(error);
  }
}

// Exits with 1, the lines before printed, when there is no commit.
const REV_PARSE = ['rev-parse', '--is-inside-git-dir', '--show-toplevel', '--verify', '--quiet', 'HEAD^{commit}'];
const MISPLACED_GIT_DIRECTORY = 'belongs to a git repository whose .git is not at the top of its working tree';
const INSIDE_GIT_DIRECTORY = 'lies inside a git directory or a bare repository; name a working tree';

function refusalOf(error: unknown): Refusal | null {
  if (error instanceof AppError && error.retryable) throw error;
  if (!(error instanceof GitError)) return refuse('repository_unusable', MISPLACED_GIT_DIRECTORY);
  if (/not a git repository \(or any /.test(error.stderr)) return null;
  if (/must be run in a work tree/.test(error.stderr)) return refuse('inside_git_directory', INSIDE_GIT_DIRECTORY);
  const foreign = /dubious ownership in repository at '([\s\S]+?)'/.exec(error.stderr)?.[1];
  if (foreign === undefined) return refuse('repository_unusable', `cannot be used by git: ${error.message}`);
  const remedy = `git config --global --add safe.directory '${shown(foreign)}'`;
  return refuse('dubious_ownership', `is a git repository that another user owns; to trust it, run: ${remedy}`);
}

function refuse(code: string, message: string): Refusal {
  return { violation: { field: 'directory', code, message } };
}

function shown(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}

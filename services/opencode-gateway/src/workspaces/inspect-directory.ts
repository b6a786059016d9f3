import { relative, sep } from 'node:path';
import { AppError, type Violation } from '@oio/errors';
import { type CheckOptions, checkDirectory, type Refusal, refuse, shown } from './check-directory.ts';
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

export interface InspectOptions extends CheckOptions {
  readonly git: Git;
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

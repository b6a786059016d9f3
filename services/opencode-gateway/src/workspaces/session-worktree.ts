import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError } from '@oio/errors';
import { type Git, GitError } from './git.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { type RepositoryLayout, repositoryLayout, worktreeGitDirectory } from './repository-layout.ts';

export interface SessionWorktreeOptions {
  readonly git: Git;
  readonly mutex: KeyedMutex;
  readonly root: string;
  readonly branch: string;
  readonly revision: string;
  readonly repositoryRoot: string;
}

/**
 * Makes or mends the worktree at `root`. Git writes a worktree's index when its first checkout is complete, so the
 * index tells a worktree that someone may have worked in from one whose making was interrupted.
 */
export async function ensureSessionWorktree(options: SessionWorktreeOptions): Promise<void> {
  using _session = await options.mutex.acquire(options.root);
  const layout = await repositoryLayout(options.repositoryRoot);
  const gitDirectory = worktreeGitDirectory(options.root, layout);
  if (existsSync(join(gitDirectory, 'index'))) return mendWorktree(options, gitDirectory);
  return makeWorktree(options, { layout, gitDirectory });
}

/** Puts back what is missing: the files, as they were last staged, or the links between worktree and repository. */
async function mendWorktree({ git, root }: SessionWorktreeOptions, gitDirectory: string): Promise<void> {
  const link = join(root, '.git');
  const linkedFrom = (await readFile(join(gitDirectory, 'gitdir'), 'utf8')).trimEnd();
  if (linkedFrom !== link) {
    if (existsSync(linkedFrom)) {
      throw new ConflictError(`The worktree of the session was moved to ${linkedFrom}.`, { code: 'worktree_moved' });
    }
    await writeFile(join(gitDirectory, 'gitdir'), `${link}\n`);
  }
  if (!existsSync(root)) return restoreFiles(git, root, { gitDirectory });
  if (!existsSync(link)) await writeFile(link, linkTo(gitDirectory));
}

/** Under another name first: an interrupted restoration must not look like files that were deleted. */
async function restoreFiles(git: Git, root: string, { gitDirectory }: Pick<Place, 'gitDirectory'>): Promise<void> {
  const restored = `${root}.restored`;
  await rm(restored, { recursive: true, force: true });
  await mkdir(restored, { mode: 0o700 });
  const call = { cwd: restored, gitDirectory, timeoutMs: CHECKOUT_TIMEOUT_MS };
  await git(['checkout-index', '--all', '--force', '--index', '--quiet'], call);
  await writeFile(join(restored, '.git'), linkTo(gitDirectory));
  await rename(restored, root);
}

function linkTo(gitDirectory: string): string {
  return `gitdir: ${gitDirectory}\n`;
}

interface Place {
  readonly layout: RepositoryLayout;
  readonly gitDirectory: string;
}

async function makeWorktree(options: SessionWorktreeOptions, place: Place): Promise<void> {
  const { git, root } = options;
  const { gitDirectory } = place;
  // Without traces of an interrupted making, files found here are work whose git directory was lost.
  const interrupted = existsSync(gitDirectory);
  const found = await linkWorktree(options, place);
  // Outside of the repository's mutex: checkouts of several sessions run side by side.
  const mode = found && !interrupted ? '--mixed' : '--hard';
  await git(['reset', mode, '--quiet'], { cwd: root, gitDirectory, timeoutMs: CHECKOUT_TIMEOUT_MS });
}

/** A worktree without index, around the files that were there. Answers whether there were any. */
async function linkWorktree(options: SessionWorktreeOptions, { layout, gitDirectory }: Place): Promise<boolean> {
  const { root } = options;
  using _repository = await options.mutex.acquire(layout.commonDirectory);
  await rm(gitDirectory, { recursive: true, force: true });
  const found = await setAside(root);
  try {
    await mkdir(root, { mode: 0o700 });
    await addWorktree(options);
  } catch (error) {
    await rmdir(root).catch(() => {});
    if (found !== null) await rename(found, root);
    throw error;
  }
  if (found !== null) await bringBack(found, root);
  return found !== null;
}

const CHECKOUT_TIMEOUT_MS = 10 * 60_000;

/** Git adds worktrees to empty directories only. Answers where the files that were here are now. */
async function setAside(root: string): Promise<string | null> {
  const entries = await readdir(root).catch(() => null);
  if (entries === null) return null;
  if (entries.every((entry) => entry === '.git')) {
    await rm(root, { recursive: true });
    return null;
  }
  for (let count = 1; ; count++) {
    const aside = `${root}.found-${count}`;
    if (existsSync(aside)) continue;
    await rename(root, aside);
    return aside;
  }
}

async function bringBack(found: string, root: string): Promise<void> {
  await rm(join(found, '.git'), { recursive: true, force: true });
  await rename(join(root, '.git'), join(found, '.git'));
  await rmdir(root);
  await rename(found, root);
}

/** On the branch as it stands, when there is one: it holds earlier work of the session. */
async function addWorktree({ git, root, branch, revision, repositoryRoot }: SessionWorktreeOptions): Promise<void> {
  const add = ['worktree', 'add', '--no-checkout'];
  try {
    await git([...add, '-b', branch, root, revision], { cwd: repositoryRoot });
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (!/a branch named .* already exists/.test(error.stderr)) throw conflictOf(error, branch);
    await git([...add, root, branch], { cwd: repositoryRoot }).catch((again) => {
      throw conflictOf(again, branch);
    });
  }
}

function conflictOf(error: unknown, branch: string): unknown {
  if (!(error instanceof GitError)) return error;
  if (/already (checked out|used by worktree) at/.test(error.stderr)) {
    const message = `The branch ${branch} of the session is checked out elsewhere.`;
    return new ConflictError(message, { code: 'branch_checked_out', cause: error });
  }
  if (/invalid reference|not a valid object name|not a commit|unable to read tree/.test(error.stderr)) {
    const message = 'The commit that the session starts from is no longer in the repository.';
    return new ConflictError(message, { code: 'revision_missing', cause: error });
  }
  return error;
}

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError } from '@oio/errors';
import { type Git, GitError } from './git.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import { repositoryLayout, worktreeGitDirectory } from './repository-layout.ts';

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
  const { git, mutex, root } = options;
  const layout = await repositoryLayout(options.repositoryRoot);
  const gitDirectory = worktreeGitDirectory(root, layout);
  await mutex.run(root, async () => {
    if (existsSync(join(gitDirectory, 'index'))) return mendWorktree(options, gitDirectory);
    if (await isLinked(options, gitDirectory)) return checkOut(git, root, gitDirectory);
    const found = await mutex.run(layout.commonDirectory, () => linkWorktree(options, gitDirectory));
    // Outside of the repository's mutex: checkouts of several sessions run side by side.
    return found === null ? checkOut(git, root, gitDirectory) : adoptFiles(git, { found, root, gitDirectory });
  });
}

/** Puts back what is missing: the files, as they were last staged, or the links between worktree and repository. */
async function mendWorktree({ git, root }: SessionWorktreeOptions, gitDirectory: string): Promise<void> {
  const link = join(root, '.git');
  const linkedFrom = (await readFile(join(gitDirectory, 'gitdir'), 'utf8')).trimEnd();
  if (linkedFrom !== link) {
    const elsewhere = await realpath(linkedFrom).catch(() => link);
    if (elsewhere !== link) {
      throw new ConflictError(`The worktree of the session was moved to ${linkedFrom}.`, { code: 'worktree_moved' });
    }
    await writeFile(join(gitDirectory, 'gitdir'), `${link}\n`);
  }
  if (!existsSync(root)) return restoreFiles(git, root, gitDirectory);
  if (!existsSync(link)) await writeFile(link, linkTo(gitDirectory));
}

/** Under another name first: an interrupted restoration must not look like files that were deleted. */
async function restoreFiles(git: Git, root: string, gitDirectory: string): Promise<void> {
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

/** Whether only the first checkout is missing. */
async function isLinked({ root, branch }: SessionWorktreeOptions, gitDirectory: string): Promise<boolean> {
  const head = await readFile(join(gitDirectory, 'HEAD'), 'utf8').catch(() => '');
  const isOnBranch = head.trim() === `ref: refs/heads/${branch}`;
  return isOnBranch && existsSync(join(gitDirectory, 'commondir')) && existsSync(join(root, '.git'));
}

async function checkOut(git: Git, root: string, gitDirectory: string): Promise<void> {
  // Left by a checkout that was killed: nobody but us works here before the first one is complete.
  await rm(join(gitDirectory, 'index.lock'), { force: true });
  await git(['reset', '--hard', '--quiet'], { cwd: root, gitDirectory, timeoutMs: CHECKOUT_TIMEOUT_MS });
}

/** An empty worktree. Answers where the files are that were in its place: work whose git directory was lost. */
async function linkWorktree(options: SessionWorktreeOptions, gitDirectory: string): Promise<string | null> {
  const { root } = options;
  await rm(gitDirectory, { recursive: true, force: true });
  const found = await setAside(root);
  try {
    await mkdir(root, { mode: 0o700 });
    await addWorktree(options);
    return found;
  } catch (error) {
    await rmdir(root).catch(() => undefined);
    if (found !== null) await rename(found, root);
    throw error;
  }
}

const CHECKOUT_TIMEOUT_MS = 10 * 60_000;

/** Git adds worktrees to empty directories only. Answers where the files that were here are now. */
async function setAside(root: string): Promise<string | null> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => null);
  if (entries === null) return null;
  if (entries.every((entry) => entry.name === '.git' && entry.isFile())) {
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

interface Adoption {
  readonly found: string;
  readonly root: string;
  readonly gitDirectory: string;
}

/** Makes the files the worktree's, in an order such that a crash between two steps leaves what can be mended. */
async function adoptFiles(git: Git, { found, root, gitDirectory }: Adoption): Promise<void> {
  const link = join(found, '.git');
  // A directory would be a repository of the agent's own.
  await rm(link, { force: true }).catch(() => rename(link, `${found}.git`));
  await rename(join(root, '.git'), link);
  await rmdir(root);
  await git(['reset', '--mixed', '--quiet'], { cwd: found, gitDirectory, timeoutMs: CHECKOUT_TIMEOUT_MS });
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
  if (/invalid reference|not a valid (object name|branch point)|not a commit|unable to read tree/.test(error.stderr)) {
    const message = 'The commit that the session starts from is no longer in the repository.';
    return new ConflictError(message, { code: 'revision_missing', cause: error });
  }
  return error;
}

import { existsSync } from 'node:fs';
import { type Git, type GitCall, GitError } from './git.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import { callInWorktree, repositoryLayout } from './repository-layout.ts';
import { BRANCH_NAMESPACE, isWorktree, type Workspace, type Worktree } from './workspace.ts';

export interface ReleaseOptions {
  readonly git: Git;
  readonly mutex: KeyedMutex;
  readonly workspace: Workspace;
}

export interface Released {
  readonly removed: boolean;
  readonly reason?: KeptReason;
}

/** Why a workspace was kept. */
export type KeptReason =
  /** It is the user's own directory. */
  | 'in_place'
  /** Files that are not committed, or a git repository inside of the worktree. */
  | 'uncommitted'
  /** Commits that no branch of the user's holds. */
  | 'unmerged'
  /** The repository is not where it was. */
  | 'repository_missing'
  /** Git cannot tell what is in it, or refuses to remove it. */
  | 'refused';

/**
 * Removes the worktree and the branch of a session when nothing is lost by it: every file is committed, and every
 * commit is reachable from the base or from a branch that is not a session's (another session's branch may be released
 * next). Files that git ignores, such as build output, go with the worktree; untracked files keep it. A second call
 * answers the same.
 */
export async function releaseWorkspace({ git, mutex, workspace }: ReleaseOptions): Promise<Released> {
  if (!isWorktree(workspace)) return { removed: false, reason: 'in_place' };
  const layout = await repositoryLayout(workspace.repositoryRoot).catch(() => null);
  if (layout === null) return { removed: false, reason: 'repository_missing' };
  const remove = () => mutex.run(layout.commonDirectory, () => removeUnlessNeeded(git, workspace));
  try {
    const reason = await mutex.run(workspace.root, remove);
    return reason === null ? { removed: true } : { removed: false, reason };
  } catch (error) {
    if (error instanceof GitError) return { removed: false, reason: 'refused' };
    throw error;
  }
}

async function removeUnlessNeeded(git: Git, workspace: Worktree): Promise<KeptReason | null> {
  const call: GitCall = { cwd: workspace.repositoryRoot };
  const ref = `refs/heads/${workspace.branch}`;
  const inWorktree = await callInWorktree(workspace);
  const present = existsSync(workspace.root);
  const [state, tip] = await Promise.all([present ? readState(git, inWorktree) : CLEAN, readTip(git, call, ref)]);
  if (state.dirty) return 'uncommitted';
  for (const commit of new Set([state.head, tip])) {
    if (commit !== null && !(await isKeptElsewhere(git, call, { commit, base: workspace.baseRevision })))
      return 'unmerged';
  }
  // Without --force git looks once more for changes itself, and for populated submodules.
  if (present || existsSync(inWorktree.gitDirectory))
    await git(['worktree', 'remove', workspace.root], { ...call, timeoutMs: REMOVE_TIMEOUT_MS });
  if (tip !== null) await git(['update-ref', '-d', ref, tip], call);
  return null;
}

const REMOVE_TIMEOUT_MS = 10 * 60_000;
const CLEAN = { dirty: false, head: null };

const STATUS = ['status', '--porcelain=v2', '--branch', '-z', '--untracked-files=normal', '--ignore-submodules=none'];

async function readState(git: Git, call: GitCall): Promise<{ dirty: boolean; head: string | null }> {
  const { stdout, truncated } = await git(STATUS, call);
  const lines = stdout.split('\0').filter(Boolean);
  const head = lines.find((line) => line.startsWith('# branch.oid '))?.slice('# branch.oid '.length) ?? '';
  return {
    dirty: truncated || lines.some((line) => !line.startsWith('# ')),
    head: /^[\da-f]+$/.test(head) ? head : null,
  };
}

async function readTip(git: Git, call: GitCall, ref: string): Promise<string | null> {
  const { stdout } = await git(['rev-parse', '--quiet', '--verify', ref], { ...call, accept: [1] });
  return stdout.trim() || null;
}

async function isKeptElsewhere(
  git: Git,
  call: GitCall,
  { commit, base }: { commit: string; base: string },
): Promise<boolean> {
  if (commit === base) return true;
  const { stdout } = await git(['for-each-ref', `--contains=${commit}`, '--format=%(refname)', 'refs/heads'], call);
  const branches = stdout.split('\n').filter(Boolean);
  if (branches.some((branch) => !branch.startsWith(`refs/heads/${BRANCH_NAMESPACE}`))) return true;
  return (await git(['merge-base', '--is-ancestor', commit, base], { ...call, accept: [1] })).exitCode === 0;
}

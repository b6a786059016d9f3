import { ConflictError } from '@oio/errors';
import { type Git, GitError } from './git.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import { hideProjectPlugins } from './project-plugins.ts';
import { callInWorktree, type WorktreeCall } from './repository-layout.ts';
import { isWorktree, type Workspace } from './workspace.ts';

export interface RestoreOptions {
  readonly git: Git;
  readonly mutex: KeyedMutex;
  readonly workspace: Workspace;
  /** A snapshot of it. */
  readonly commit: string;
  /** Asked right before anything is changed; rejects when it must not be. */
  readonly permit: () => Promise<void>;
}

/**
 * Sets the files of a session's worktree back to a snapshot: what was changed, made or deleted since is undone, what git
 * ignores stays. HEAD and branch stay where they are. Repeated, after a crash at any point, it ends the same. Throws
 * `ConflictError` when that is not possible.
 */
export async function restoreWorkspace({ git, mutex, workspace, commit, permit }: RestoreOptions): Promise<void> {
  if (!isWorktree(workspace)) {
    const message = `${workspace.root} is not a worktree of the session's own: it is not for us to take it back.`;
    throw new ConflictError(message, { code: 'not_a_worktree' });
  }
  const call = await callInWorktree(workspace);
  await mutex.run(workspace.root, async () => {
    await assertThere(git, call, commit);
    await permit();
    // What the index knows of can be taken away; what it does not know would stay.
    await git(['add', '--all', '--ignore-errors'], { ...call, timeoutMs: TIMEOUT_MS, accept: [1] });
    await git(['read-tree', '--reset', '-u', commit], { ...call, timeoutMs: TIMEOUT_MS });
    await hideProjectPlugins(git, workspace.root);
  });
}

const TIMEOUT_MS = 10 * 60_000;

async function assertThere(git: Git, call: WorktreeCall, commit: string): Promise<void> {
  try {
    await git(['cat-file', '-e', `${commit}^{commit}`], call);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const message = `The commit ${commit} of the checkpoint is no longer in the repository.`;
    throw new ConflictError(message, { code: 'snapshot_gone', cause: error });
  }
}

import { assertCommitId, assertSessionId } from './assert-ids.ts';
import { assertInside } from './assert-inside.ts';
import { type CommitOptions, type Committed, commitWorkspace } from './commit-workspace.ts';
import { type DiffOptions, diffWorkspace, type WorkspaceDiff } from './diff-workspace.ts';
import { createGit } from './git.ts';
import { type InspectOptions, inspectDirectory } from './inspect-directory.ts';
import { createKeyedMutex, type KeyedMutex } from '../keyed-mutex.ts';
import { shareAnswers } from '../share-answers.ts';
import { type PrepareOptions, prepareWorkspace } from './prepare-workspace.ts';
import { createRealRoots } from './real-roots.ts';
import { type Released, releaseWorkspace } from './release-workspace.ts';
import { type RestoreOptions, restoreWorkspace } from './restore-workspace.ts';
import { type SnapshotOptions, snapshotWorkspace } from './snapshot-workspace.ts';
import type { Workspace } from './workspace.ts';

export interface WorkspacesOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly roots: readonly string[];
  readonly worktreesDirectory: string;
  /** Keeps commands on one repository or worktree apart, those of other gateways too. */
  readonly mutex: KeyedMutex;
}

/** The directories that sessions work in, on this machine. */
export interface Workspaces {
  inspectDirectory(options: Omit<InspectOptions, 'git' | 'realRoots'>): ReturnType<typeof inspectDirectory>;
  prepareWorkspace(
    options: Omit<PrepareOptions, 'git' | 'mutex' | 'realRoots' | 'worktreesDirectory'>,
  ): Promise<Workspace>;
  /**
   * This and whatever follows down to `diffWorkspace` throws `ConflictError` (`outside_of_roots` and the like) for a workspace
   * that does not lie where sessions may work, or no longer does.
   */
  commitWorkspace(options: Omit<CommitOptions, 'git'>): Promise<Committed>;
  /**
   * A commit that holds the files as they are now; null where there is no git. Who asks while one is under way shares the
   * next one with all who do so: a checkpoint that takes long is asked for again and again.
   */
  snapshotWorkspace(options: Omit<SnapshotOptions, 'git'>): Promise<string | null>;
  restoreWorkspace(options: Omit<RestoreOptions, 'git' | 'mutex'>): Promise<void>;
  diffWorkspace(options: Omit<DiffOptions, 'git'>): Promise<WorkspaceDiff | null>;
  releaseWorkspace(options: { readonly workspace: Workspace }): Promise<Released>;
  /**
   * Waits until no other session works in place in this directory, and holds it until the result is disposed of. Give
   * it the workspace's `root`, so that two sessions in one checkout wait for each other. Of this process only: that a
   * directory is used once in the whole fleet is for the scheduler and the database to see to.
   */
  withDirectory(directory: string, signal?: AbortSignal): Promise<Disposable>;
}

export function createWorkspaces({ environment, roots, worktreesDirectory, mutex }: WorkspacesOptions): Workspaces {
  const git = createGit({ environment });
  const realRoots = createRealRoots(roots);
  const inPlace = createKeyedMutex();
  const snapshots = createKeyedMutex();
  const shared = shareAnswers<string | null>();
  /** Runs it on a workspace that lies where it may. */
  const inside = async <T>(workspace: Workspace, task: () => Promise<T>): Promise<T> => {
    if (workspace.baseRevision !== null) assertCommitId(workspace.baseRevision);
    await assertInside(workspace, { realRoots, worktreesDirectory });
    return task();
  };
  return {
    inspectDirectory: (options) => inspectDirectory({ ...options, git, realRoots }),
    prepareWorkspace: (options) => prepareWorkspace({ ...options, git, mutex, realRoots, worktreesDirectory }),
    commitWorkspace: (options) => inside(options.workspace, () => commitWorkspace({ ...options, git })),
    snapshotWorkspace: async (options) => {
      assertSessionId(options.sessionId);
      const { workspace } = options;
      const take = () => inside(workspace, () => snapshotWorkspace({ ...options, git }));
      return shared(snapshotKey(options), () => snapshots.run(workspace.root, take));
    },
    restoreWorkspace: async (options) => {
      assertCommitId(options.commit);
      return inside(options.workspace, () => restoreWorkspace({ ...options, git, mutex }));
    },
    diffWorkspace: async (options) => {
      if (options.commit) assertCommitId(options.commit);
      return inside(options.workspace, () => diffWorkspace({ ...options, git }));
    },
    releaseWorkspace: (options) => releaseWorkspace({ ...options, git, mutex }),
    withDirectory: (directory, signal) => inPlace.acquire(directory, signal),
  };
}

/** The whole workspace: each is looked at by itself before its files are. */
function snapshotKey({ workspace, sessionId }: Omit<SnapshotOptions, 'git'>): string {
  const { root, path, kind, branch, baseRevision, repositoryRoot } = workspace;
  return JSON.stringify([sessionId, root, path, kind, branch, baseRevision, repositoryRoot]);
}

import type { Workspace } from '../workspaces/workspace.ts';
import type { Workspaces } from '../workspaces/workspaces.ts';

/** Directories that nobody looks at: every one is as it should be, and nothing in it ever changes. */
export function createNullWorkspaces(): Workspaces {
  return {
    inspectDirectory: async ({ directory }) => ({
      directory,
      repository: { root: directory, revision: REVISION, subdirectory: '' },
    }),
    prepareWorkspace: async ({ directory, sessionId, workspace }): Promise<Workspace> => ({
      path: directory,
      root: directory,
      kind: workspace,
      branch: workspace === 'worktree' ? `oio/${sessionId.slice(-12)}` : null,
      baseRevision: REVISION,
      repositoryRoot: directory,
    }),
    commitWorkspace: async () => ({ changed: false, commit: null, warnings: [] }),
    snapshotWorkspace: async () => null,
    restoreWorkspace: async () => {},
    diffWorkspace: async () => null,
    releaseWorkspace: async () => ({ removed: true }),
    withDirectory: async () => ({ [Symbol.dispose]() {} }),
  };
}

const REVISION = '0'.repeat(40);

import type { Logger } from '@oio/runtime';
import type { Workspace } from '../workspaces/workspace.ts';
import type { Workspaces } from '../workspaces/workspaces.ts';

/** Has the files of a session kept as they are now: a commit, or null. */
export type KeepFiles = () => Promise<string | null>;

export interface KeepFilesParts {
  readonly workspaces: Pick<Workspaces, 'snapshotWorkspace'>;
  readonly workspace: Workspace;
  readonly sessionId: string;
  readonly logger: Logger;
}

/** A turn does not fail because its files could not be kept: the checkpoint says that it has none. */
export function keepFiles({ workspaces, workspace, sessionId, logger }: KeepFilesParts): KeepFiles {
  return () =>
    workspaces.snapshotWorkspace({ workspace, sessionId }).catch((error: unknown) => {
      logger.warn({ err: error, sessionId }, 'files of a checkpoint not kept');
      return null;
    });
}

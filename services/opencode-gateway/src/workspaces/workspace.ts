/** Where one session works. */
export interface Workspace {
  /** The directory that the agent works in. */
  readonly path: string;
  /** Top of the working tree that `path` lies in; `path` itself where there is no git. */
  readonly root: string;
  readonly kind: WorkspaceKind;
  /** The session's own branch; null in place. */
  readonly branch: string | null;
  /** The commit that the work started from; null where there was none. */
  readonly baseRevision: string | null;
  /** Top of the user's working tree; null where there is no git. */
  readonly repositoryRoot: string | null;
}

export type WorkspaceKind = 'worktree' | 'in_place';

/** A workspace that is a git worktree of the session's own. */
export interface Worktree extends Workspace {
  readonly kind: 'worktree';
  readonly branch: string;
  readonly baseRevision: string;
  readonly repositoryRoot: string;
}

export function isWorktree(workspace: Workspace): workspace is Worktree {
  const { kind, branch, baseRevision, repositoryRoot } = workspace;
  return kind === 'worktree' && branch !== null && baseRevision !== null && repositoryRoot !== null;
}

/** All branches of sessions lie under this name. */
export const BRANCH_NAMESPACE = 'oio/';

/** The branch of a session. It ends in the last digits of the id, because a UUIDv7 begins with the time. */
export function branchOf(sessionId: string): string {
  return BRANCH_NAMESPACE + sessionId.slice(-12).toLowerCase();
}

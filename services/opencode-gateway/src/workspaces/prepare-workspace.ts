import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError, InvalidError } from '@oio/errors';
import { assertCommitId, assertSessionId } from './assert-ids.ts';
import type { Git } from './git.ts';
import { type InspectedDirectory, type InspectedRepository, inspectDirectory } from './inspect-directory.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import { hideProjectPlugins, refuseProjectPlugins } from './project-plugins.ts';
import { ensureSessionWorktree } from './session-worktree.ts';
import { branchOf, type Workspace, type WorkspaceKind } from './workspace.ts';

export interface PrepareOptions {
  readonly git: Git;
  /** Guards repositories against commands of this process that would collide. */
  readonly mutex: KeyedMutex;
  readonly realRoots: () => Promise<readonly string[]>;
  /** Where worktrees live; made with mode 0700. Must not lie in a user's working tree. */
  readonly worktreesDirectory: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly workspace: WorkspaceKind;
  /** The commit that the repository was at when the session was accepted; null where there was none. */
  readonly revision: string | null;
}

/**
 * The workspace of a session, made if it is not there yet. Called again, after a crash at any point, it gives the same
 * workspace with the work in it. The directory is checked again: it may have changed since the session was accepted.
 */
export async function prepareWorkspace(options: PrepareOptions): Promise<Workspace> {
  const { sessionId, revision } = options;
  assertSessionId(sessionId);
  if (revision !== null) assertCommitId(revision);
  const inspected = await inspectDirectory(options);
  if ('violations' in inspected) throw new InvalidError('The directory of the session cannot be used.', inspected);
  const { repository } = inspected;
  if (options.workspace === 'in_place' || revision === null) {
    await refuseProjectPlugins(inspected.directory);
    return inPlace(inspected, revision);
  }
  if (repository === null) {
    throw new ConflictError(`${inspected.directory} is no longer part of a git repository.`, {
      code: 'repository_missing',
    });
  }
  return worktree(options, { repository, revision });
}

function inPlace({ directory, repository }: InspectedDirectory, revision: string | null): Workspace {
  return {
    path: directory,
    root: repository?.root ?? directory,
    kind: 'in_place',
    branch: null,
    baseRevision: revision,
    repositoryRoot: repository?.root ?? null,
  };
}

interface Source {
  readonly repository: InspectedRepository;
  readonly revision: string;
}

async function worktree(options: PrepareOptions, { repository, revision }: Source): Promise<Workspace> {
  await mkdir(options.worktreesDirectory, { recursive: true, mode: 0o700 });
  const root = join(await realpath(options.worktreesDirectory), options.sessionId.toLowerCase());
  const branch = branchOf(options.sessionId);
  const { git, mutex } = options;
  await ensureSessionWorktree({ git, mutex, root, branch, revision, repositoryRoot: repository.root });
  const path = await ensureSubdirectory(root, repository.subdirectory);
  await hideProjectPlugins(git, root);
  return { path, root, kind: 'worktree', branch, baseRevision: revision, repositoryRoot: repository.root };
}

/** Step by step, because a symbolic link in the commit could lead out of the worktree. */
async function ensureSubdirectory(root: string, subdirectory: string): Promise<string> {
  let path = root;
  for (const segment of subdirectory.split('/').filter(Boolean)) {
    path = join(path, segment);
    const found = await lstat(path).catch(() => null);
    if (found === null) await mkdir(path);
    else if (!found.isDirectory()) {
      const message = `${subdirectory} is not a directory in the commit that the session starts from.`;
      throw new ConflictError(message, { code: 'not_a_directory' });
    }
  }
  return path;
}

import { copyFile, mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GitCall } from './git.ts';
import { type RepositoryLayout, repositoryLayout, worktreeGitDirectory } from './repository-layout.ts';
import { isWorktree, type Workspace } from './workspace.ts';

/** What can be staged beside the workspace's own index. */
export interface Scratch {
  /** A directory that goes when the task has ended. */
  readonly directory: string;
  readonly layout: RepositoryLayout;
  /** A call in the workspace that stages into an index of its own. */
  readonly call: GitCall;
}

/** Lends the task a copy of the workspace's index, so that staging there changes nothing that anybody else sees. */
export async function withScratchIndex<T>(workspace: Workspace, task: (scratch: Scratch) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'oio-index-'));
  try {
    const layout = await repositoryLayout(workspace.repositoryRoot ?? workspace.root);
    const gitDirectory = isWorktree(workspace) ? worktreeGitDirectory(workspace.root, layout) : layout.gitDirectory;
    const index = join(directory, 'index');
    await copyIndex(join(gitDirectory, 'index'), index);
    const call = { cwd: workspace.root, gitDirectory, environment: { GIT_INDEX_FILE: index } };
    return await task({ directory, layout, call });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * What the index knows of unchanged files saves reading them. Its age goes along: git trusts that a file whose size and
 * second of change are as noted is unchanged only if it is older than the index. Before the first `git add` there is no
 * index.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  const found = await stat(from).catch(() => null);
  if (found === null) return;
  await copyFile(from, to);
  const seconds = Math.floor(found.mtimeMs / 1000);
  await utimes(to, seconds, seconds);
}

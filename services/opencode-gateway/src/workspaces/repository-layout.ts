import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import type { GitCall } from './git.ts';
import type { Worktree } from './workspace.ts';

/** Where git keeps its files for one working tree. */
export interface RepositoryLayout {
  /** Index, HEAD and the like of this working tree. */
  readonly gitDirectory: string;
  /** Objects, branches and configuration, shared by all working trees of the repository. */
  readonly commonDirectory: string;
}

/** Read from the files of gitrepository-layout(5), which costs no process. Rejects without a `.git` at `root`. */
export async function repositoryLayout(root: string): Promise<RepositoryLayout> {
  const gitDirectory = await gitDirectoryAt(root);
  const common = await readFile(join(gitDirectory, 'commondir'), 'utf8').catch(() => '.');
  return { gitDirectory, commonDirectory: resolve(gitDirectory, common.replace(/\n$/, '')) };
}

async function gitDirectoryAt(root: string): Promise<string> {
  const dotGit = join(root, '.git');
  if ((await stat(dotGit)).isDirectory()) return dotGit;
  const content = await readFile(dotGit, 'utf8');
  if (!content.startsWith('gitdir: ')) throw new Error(`${dotGit} does not name a git directory.`);
  return resolve(root, content.slice('gitdir: '.length).replace(/\n$/, ''));
}

export interface WorktreeCall extends GitCall {
  readonly gitDirectory: string;
}

/** Git's own directory for the worktree of a session; git names it after the worktree. */
export function worktreeGitDirectory(root: string, { commonDirectory }: RepositoryLayout): string {
  return join(commonDirectory, 'worktrees', basename(root));
}

/**
 * How to call git in the worktree of a session. The git directory is named, not searched for from the worktree: what
 * an agent does to the `.git` in there (deletes it, makes a repository of its own) cannot lead us astray.
 */
export async function callInWorktree({ root, branch, repositoryRoot }: Worktree): Promise<WorktreeCall> {
  const layout = await repositoryLayout(repositoryRoot);
  const gitDirectory = worktreeGitDirectory(root, layout);
  return {
    cwd: root,
    gitDirectory,
    ownLocks: [gitDirectory + sep, join(layout.commonDirectory, 'refs', 'heads', `${branch}.lock`)],
  };
}

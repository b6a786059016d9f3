import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git, GitCall } from './git.ts';
import { type ChangedFile, parseChanges } from './parse-changes.ts';
import { type Scratch, withScratchIndex } from './scratch-index.ts';
import { isWorktree, type Workspace, type Worktree } from './workspace.ts';

export interface DiffOptions {
  readonly git: Git;
  readonly workspace: Workspace;
  /** The commit that holds the session's result; needed when worktree and branch are gone. */
  readonly commit?: string | null;
  /** Bytes of patch at most; default 1 MiB. */
  readonly maxPatchBytes?: number;
}

export interface WorkspaceDiff {
  readonly files: readonly ChangedFile[];
  /** Unified diff. Binary files are named, not shown; NUL is shown as U+FFFD. */
  readonly patch: string;
  /** Whether `patch` or `files` was cut off, at the end of a line. */
  readonly truncated: boolean;
}

/**
 * What differs between the base revision and the files as they are now: committed, uncommitted and untracked, not
 * ignored. Null without git. Nothing of the repository is written, neither its index nor its objects, so it may be
 * asked for while the agent works. In place it shows the user's own uncommitted work, too.
 */
export async function diffWorkspace(options: DiffOptions): Promise<WorkspaceDiff | null> {
  const { git, workspace, maxPatchBytes = DEFAULT_MAX_PATCH_BYTES } = options;
  if (workspace.repositoryRoot === null) return null;
  if (isWorktree(workspace) && !existsSync(workspace.root)) return diffCommits(options, workspace, maxPatchBytes);
  return withScratchIndex(workspace, async (scratch) => {
    const call = await besideObjects(scratch);
    const base = workspace.baseRevision ?? (await emptyTree(git, call));
    await git(['add', '--all', '--ignore-errors'], { ...call, timeoutMs: STAGE_TIMEOUT_MS, accept: [1] });
    // Unlike `git diff`, this heeds no setting of the user's for colours, prefixes or external programs.
    return compared(git, call, ['diff-index', '--cached', '-M'], [base], maxPatchBytes);
  });
}

/** A worktree that was given up is all committed: on its branch, or where the branch was merged. */
async function diffCommits(
  { git, commit }: DiffOptions,
  workspace: Worktree,
  maxPatchBytes: number,
): Promise<WorkspaceDiff> {
  const call = { cwd: workspace.repositoryRoot };
  const branch = await git(['rev-parse', '--verify', '--quiet', `refs/heads/${workspace.branch}`], {
    ...call,
    accept: [1],
  });
  const tip = branch.stdout.trim() || commit || workspace.baseRevision;
  return compared(git, call, ['diff-tree', '-r', '-M'], [workspace.baseRevision, tip], maxPatchBytes);
}

async function compared(
  git: Git,
  call: GitCall,
  compare: readonly string[],
  revisions: readonly string[],
  maxPatchBytes: number,
): Promise<WorkspaceDiff> {
  const [changes, patch] = await Promise.all([
    git([...compare, '--raw', '--numstat', '--no-abbrev', '-z', ...revisions], {
      ...call,
      maxBytes: MAX_CHANGES_BYTES,
    }),
    git([...compare, '--patch', ...revisions], { ...call, maxBytes: maxPatchBytes }),
  ]);
  return {
    files: parseChanges(changes.stdout),
    patch: printable(patch.truncated ? wholeLines(patch.stdout) : patch.stdout),
    truncated: changes.truncated || patch.truncated,
  };
}

const DEFAULT_MAX_PATCH_BYTES = 1024 * 1024;
const MAX_CHANGES_BYTES = 4 * 1024 * 1024;
const STAGE_TIMEOUT_MS = 2 * 60_000;

/** A call that writes objects into a directory of its own as well. */
async function besideObjects({ directory, layout, call }: Scratch): Promise<GitCall> {
  const objects = join(directory, 'objects');
  await mkdir(objects);
  const environment = {
    ...call.environment,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted(join(layout.commonDirectory, 'objects')),
  };
  return { ...call, environment };
}

/** The list of directories is separated by colons, which a path may hold. */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}

/** Differs with the hash function of the repository. */
async function emptyTree(git: Git, call: GitCall): Promise<string> {
  return (await git(['hash-object', '-t', 'tree', '--stdin'], call)).stdout.trim();
}

function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

/** Postgres stores no NUL in a text. */
function printable(patch: string): string {
  return patch.replaceAll('\0', '\u{fffd}');
}

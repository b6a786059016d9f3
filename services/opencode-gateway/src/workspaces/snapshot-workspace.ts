import { join, sep } from 'node:path';
import { type Git, type GitCall, GitError } from './git.ts';
import { type Scratch, withScratchIndex } from './scratch-index.ts';
import type { Workspace } from './workspace.ts';

export interface SnapshotOptions {
  readonly git: Git;
  readonly workspace: Workspace;
  readonly sessionId: string;
}

/** As many as there are checkpoints that could name one. */
const SNAPSHOTS_KEPT = 100;

/**
 * A commit of the files as they are now, untracked ones included, ignored ones not; null where there is no git. It hangs on
 * a reference of its own, `refs/oio/checkpoints/<session>/<number>`: neither index nor HEAD nor a branch is touched, so it
 * may be asked for while the agent works. Files that did not change since the last one give the same commit again. The
 * last 100 references stay.
 */
export async function snapshotWorkspace(options: SnapshotOptions): Promise<string | null> {
  if (options.workspace.repositoryRoot === null) return null;
  try {
    return await snapshot(options);
  } catch (error) {
    // Another process may have taken the number in the meantime.
    if (!(error instanceof GitError)) throw error;
    return snapshot(options);
  }
}

/** Where the references of a session's snapshots lie. */
function snapshotReferences(sessionId: string): string {
  return `refs/oio/checkpoints/${sessionId.toLowerCase()}`;
}

function snapshot({ git, workspace, sessionId }: SnapshotOptions): Promise<string> {
  return withScratchIndex(workspace, async (scratch) => {
    const call = withOwnLocks(scratch, sessionId);
    const [kept, head] = await Promise.all([
      readSnapshots(git, call, sessionId),
      readHead(git, call),
      git(['add', '--all', '--ignore-errors'], { ...call, timeoutMs: STAGE_TIMEOUT_MS, accept: [1] }),
    ]);
    const tree = (await git(['write-tree'], call)).stdout.trim();
    const last = kept.at(-1);
    if (last?.tree === tree && (last.commit === head?.commit || last.parent === head?.commit)) return last.commit;
    const commit = head?.tree === tree ? head.commit : await commitTree(git, call, { tree, parent: head?.commit });
    await keep(git, call, { kept, commit, sessionId });
    return commit;
  });
}

const STAGE_TIMEOUT_MS = 2 * 60_000;

function withOwnLocks({ call, layout }: Scratch, sessionId: string): GitCall {
  return { ...call, ownLocks: [join(layout.commonDirectory, snapshotReferences(sessionId)) + sep] };
}

interface Snapshot {
  readonly number: number;
  readonly commit: string;
  readonly tree: string;
  /** Undefined where nothing was committed before. */
  readonly parent: string | undefined;
}

/** Oldest first. */
async function readSnapshots(git: Git, call: GitCall, sessionId: string): Promise<readonly Snapshot[]> {
  const format = '--format=%(refname:lstrip=4) %(objectname) %(tree) %(parent)';
  const { stdout } = await git(['for-each-ref', format, `${snapshotReferences(sessionId)}/`], call);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [number, commit = '', tree = '', parent] = line.split(' ');
      return { number: Number(number), commit, tree, parent: parent || undefined };
    })
    .toSorted((a, b) => a.number - b.number);
}

/** Null before the first commit. */
async function readHead(git: Git, call: GitCall): Promise<{ commit: string; tree: string } | null> {
  const input = 'HEAD^{commit}\nHEAD^{tree}\n';
  const { stdout } = await git(['cat-file', '--batch-check=%(objectname)'], { ...call, input });
  const [commit = '', tree = ''] = stdout.split('\n');
  return /^[\da-f]+$/.test(commit) ? { commit, tree } : null;
}

interface NewCommit {
  readonly tree: string;
  readonly parent: string | undefined;
}

async function commitTree(git: Git, call: GitCall, { tree, parent }: NewCommit): Promise<string> {
  const args = ['commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', 'Checkpoint'];
  return (await git(args, { ...call, environment: { ...call.environment, ...IDENTITY } })).stdout.trim();
}

const [NAME, EMAIL] = ['OpenCode Orchestrator', 'oio@localhost'];
const IDENTITY = {
  GIT_AUTHOR_NAME: NAME,
  GIT_AUTHOR_EMAIL: EMAIL,
  GIT_COMMITTER_NAME: NAME,
  GIT_COMMITTER_EMAIL: EMAIL,
};

interface Keeping {
  readonly kept: readonly Snapshot[];
  readonly commit: string;
  readonly sessionId: string;
}

/** Under the next number; what is too old goes in the same step. */
async function keep(git: Git, call: GitCall, { kept, commit, sessionId }: Keeping): Promise<void> {
  const at = (number: number): string => `${snapshotReferences(sessionId)}/${number}`;
  const number = (kept.at(-1)?.number ?? 0) + 1;
  const old = kept.slice(0, Math.max(0, kept.length + 1 - SNAPSHOTS_KEPT));
  const orders = [`create ${at(number)} ${commit}`, ...old.map((one) => `delete ${at(one.number)} ${one.commit}`)];
  await git(['update-ref', '--stdin'], { ...call, input: `${orders.join('\n')}\n` });
}

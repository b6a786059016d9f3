import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git, GitCall } from './git.ts';
import { callInWorktree, type WorktreeCall } from './repository-layout.ts';
import { isWorktree, type Workspace, type Worktree } from './workspace.ts';

export interface CommitOptions {
  readonly git: Git;
  readonly workspace: Workspace;
  readonly title: string;
  readonly sessionId: string;
  /** The body of the commit message. */
  readonly message?: string;
}

export interface Committed {
  /** Holds the session's result, made now or before; null when its branch stands at its base, and in place. */
  readonly commit: string | null;
  /** Whether the files differ from the base; null where there is no git to tell. */
  readonly changed: boolean | null;
  /** What could not be committed, for the reader: a git repository inside of the worktree, an unreadable file. */
  readonly warnings: readonly string[];
}

/**
 * Commits everything that is not ignored on the session's branch, whatever branch or commit the agent left the worktree
 * at; commits of the agent's own stay. Made of plumbing, so that no hook, signature or template takes part. Repeating
 * it gives the same commit. In place nothing is committed.
 */
export async function commitWorkspace(options: CommitOptions): Promise<Committed> {
  const { git, workspace } = options;
  if (!isWorktree(workspace)) return inPlace(git, workspace);
  const call = await callInWorktree(workspace);
  const [staged, identity] = await Promise.all([
    git(['add', '--all', '--ignore-errors'], { ...call, timeoutMs: STAGE_TIMEOUT_MS, accept: [1] }),
    identityEnvironment(git, call),
  ]);
  const [tree, state] = await Promise.all([writeTree(git, call), readState(git, call, workspace)]);
  const parents = await parentsOf(git, call, state);
  const [parent = ''] = parents;
  const carried = parents.length === 1 && state.trees.get(parent) === tree;
  const signed = { ...call, environment: identity };
  const commit = carried ? parent : await commitTree(git, signed, { tree, parents, message: messageOf(options) });
  await moveBranch(git, call, { branch: workspace.branch, commit, tip: state.tip });
  return {
    commit: commit === workspace.baseRevision ? null : commit,
    changed: tree !== state.trees.get(workspace.baseRevision),
    warnings: warningsOf(staged.stderr),
  };
}

const STAGE_TIMEOUT_MS = 10 * 60_000;

/** The identity is the user's when there is a whole one, else ours. */
async function identityEnvironment(git: Git, call: GitCall): Promise<Record<string, string>> {
  const { stdout } = await git(['config', '--null', '--get-regexp', '^user\\.(name|email)$'], { ...call, accept: [1] });
  const configured = new Map(
    stdout.split('\0').map((entry) => {
      const [key = '', ...value] = entry.split('\n');
      return [key, value.join('\n').trim()] as const;
    }),
  );
  if (configured.get('user.name') && configured.get('user.email')) return {};
  const name = 'OpenCode Orchestrator';
  const email = 'oio@localhost';
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}

async function writeTree(git: Git, call: GitCall): Promise<string> {
  return (await git(['write-tree'], call)).stdout.trim();
}

interface State {
  /** What HEAD is at, perhaps a branch of the agent's own; null when it is at no commit. */
  readonly head: string | null;
  /** What the session's branch is at; null when it is gone. */
  readonly tip: string | null;
  readonly base: string;
  /** The tree of each of these commits. */
  readonly trees: ReadonlyMap<string, string>;
}

async function readState(git: Git, call: GitCall, { branch, baseRevision: base }: Worktree): Promise<State> {
  const names = ['HEAD', `refs/heads/${branch}`, base];
  const input = names
    .flatMap((name) => [`${name}^{commit}`, `${name}^{tree}`, ''])
    .filter(Boolean)
    .join('\n');
  const { stdout } = await git(['cat-file', '--batch-check=%(objectname)'], { ...call, input: `${input}\n` });
  const ids = stdout.split('\n').map((line) => (/^[\da-f]+$/.test(line) ? line : null));
  const trees = new Map<string, string>();
  for (let at = 0; at < names.length * 2; at += 2) trees.set(ids[at] ?? '', ids[at + 1] ?? '');
  return { head: ids[0] ?? null, tip: ids[2] ?? null, base, trees };
}

/** The parents that let the branch move forward and keep what the agent committed elsewhere. */
async function parentsOf(git: Git, call: GitCall, { head, tip, base }: State): Promise<readonly string[]> {
  if (head === null || tip === null) return [tip ?? head ?? base];
  if (head === tip) return [tip];
  const { stdout } = await git(['merge-base', tip, head], { ...call, accept: [1] });
  if (stdout.trim() === tip) return [head];
  if (stdout.trim() === head) return [tip];
  return [tip, head];
}

interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
}

async function commitTree(git: Git, call: GitCall, { tree, parents, message }: NewCommit): Promise<string> {
  const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'];
  return (await git(args, { ...call, input: message })).stdout.trim();
}

function messageOf({ title, message, sessionId }: CommitOptions): string {
  const body = message?.replaceAll('\0', '').trim();
  return [oneLine(title), ...(body ? [body] : []), `Session: ${oneLine(sessionId)}`].join('\n\n').concat('\n');
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

interface Move {
  readonly branch: string;
  readonly commit: string;
  readonly tip: string | null;
}

async function moveBranch(git: Git, call: WorktreeCall, { branch, commit, tip }: Move): Promise<void> {
  const ref = `refs/heads/${branch}`;
  // Fails when someone else has moved the branch in the meantime, rather than to lose their work.
  if (commit !== tip) await git(['update-ref', '-m', 'commit: result of the session', ref, commit, tip ?? ''], call);
  const head = await readFile(join(call.gitDirectory, 'HEAD'), 'utf8');
  if (head.trim() !== `ref: ${ref}`) await git(['symbolic-ref', 'HEAD', ref], call);
}

function warningsOf(stderr: string): string[] {
  return stderr
    .split('\n')
    .filter((line) => /^(error|fatal|warning: adding embedded)/.test(line))
    .slice(0, 20)
    .map((line) => line.slice(0, 200));
}

async function inPlace(git: Git, { root, repositoryRoot, baseRevision }: Workspace): Promise<Committed> {
  if (repositoryRoot === null) return { commit: null, changed: null, warnings: [] };
  const { stdout } = await git(['status', '--porcelain=v2', '--branch', '-z'], { cwd: root });
  const lines = stdout.split('\0');
  const head = lines.find((line) => line.startsWith('# branch.oid '))?.slice('# branch.oid '.length);
  const moved = head !== (baseRevision ?? '(initial)');
  return { commit: null, changed: moved || lines.some((line) => line !== '' && !line.startsWith('# ')), warnings: [] };
}

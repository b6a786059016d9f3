import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { isWorktree, type Worktree } from '../../src/workspaces/workspace.ts';
import { createWorkspaces, type Workspaces } from '../../src/workspaces/workspaces.ts';
import { createKeyedMutex } from '../../src/keyed-mutex.ts';

/** What a project may hold that OpenCode would run. */
export const HOSTILE = {
  'opencode.json': '{ "plugin": ["./evil.js"] }',
  'evil.js': 'export const P = async () => ({});',
  '.opencode/plugin/p.js': 'export const P = async () => ({});',
  'deep/.opencode/plugins/q.ts': 'export const Q = async () => ({});',
  '.opencode/command/hello.md': 'harmless',
};

/** A temporary directory with room for repositories and worktrees, and the workspaces over it. */
export interface Fixture {
  readonly base: string;
  readonly projects: string;
  readonly worktreesDirectory: string;
  readonly environment: Record<string, string>;
  readonly workspaces: Workspaces;
  /** Git as a user of the machine would run it. */
  readonly git: (cwd: string, ...args: string[]) => string;
  /** A repository with one commit of `files`, and a configured user. */
  readonly repository: (name: string, files?: Readonly<Record<string, string>>) => Repository;
}

export interface Repository {
  readonly root: string;
  readonly revision: string;
}

export function createFixture(t: ExecutionContext, more: Readonly<Record<string, string>> = {}): Fixture {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'oio-workspaces-')));
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const [projects, worktreesDirectory] = [join(base, 'projects'), join(base, 'data', 'worktrees')];
  mkdirSync(projects);
  // A home of its own: the configuration of whoever runs the tests must not matter.
  const environment = { PATH: process.env['PATH'] ?? '', HOME: base, GIT_CONFIG_NOSYSTEM: '1', ...more };
  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', args, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const repository = (name: string, files: Readonly<Record<string, string>> = { 'README.md': 'hello\n' }) => {
    const root = join(projects, name);
    mkdirSync(root, { recursive: true });
    git(root, 'init', '--quiet', '--template=', '--initial-branch=main');
    git(root, 'config', 'user.name', 'Ada');
    git(root, 'config', 'user.email', 'ada@example.org');
    write(root, files);
    git(root, 'add', '--all');
    git(root, 'commit', '--quiet', '--message=first');
    return { root, revision: git(root, 'rev-parse', 'HEAD').trim() };
  };
  const workspaces = createWorkspaces({
    environment,
    roots: [projects],
    worktreesDirectory,
    mutex: createKeyedMutex(),
  });
  return { base, projects, worktreesDirectory, environment, workspaces, git, repository };
}

export function write(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

let counter = 0;

/** UUIDs as sessions have them: the same beginning within one instant. */
export function sessionId(): string {
  counter += 1;
  return `0190a6b2-7c3d-7e4f-8a9b-${counter.toString(16).padStart(12, '0')}`;
}

/** Prepares a worktree for a session on a repository. */
export async function prepare(fixture: Fixture, { root, revision }: Repository, id = sessionId()): Promise<Worktree> {
  const options = { sessionId: id, directory: root, workspace: 'worktree', revision } as const;
  const workspace = await fixture.workspaces.prepareWorkspace(options);
  if (!isWorktree(workspace)) throw new Error('The workspace is not a worktree.');
  return workspace;
}

/** Every file below a directory with its hash and time of modification, less the paths that `ignored` matches. */
export function contents(directory: string, ignored: RegExp): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kept = files.filter((path) => !ignored.test(path.slice(directory.length))).toSorted();
  return Object.fromEntries(kept.map((path) => [path, `${modified(path)} ${hash('sha1', readFileSync(path))}`]));
}

/** Git touches an object that it already has instead of writing it. */
function modified(path: string): number {
  return path.includes('/.git/objects/') ? 0 : statSync(path).mtimeMs;
}

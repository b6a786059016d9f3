import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { demoRepository } from '../src/index.ts';

const run = promisify(execFile);

/** The demo repository in git, and a home for OpenCode beside it; disposing of it removes both. */
export interface TemporaryProject extends AsyncDisposable {
  readonly home: string;
  /** A new worktree with a branch of its own. */
  addWorktree(name: string): Promise<string>;
}

export async function makeTemporaryProject(): Promise<TemporaryProject> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'oio-scripted-')));
  const repository = join(root, 'repository');
  const home = join(root, 'home');
  await mkdir(home);
  for (const [path, content] of Object.entries(demoRepository)) {
    await mkdir(dirname(join(repository, path)), { recursive: true });
    await writeFile(join(repository, path), content);
  }
  await git(repository, 'init', '--quiet');
  await git(repository, 'add', '.');
  await git(repository, 'commit', '--quiet', '--message', 'Begin');
  // One at a time: git looks into the worktrees that it finds, and fails on one that another git is just making.
  let added: Promise<unknown> = Promise.resolve();
  return {
    home,
    async addWorktree(name) {
      const path = join(root, name);
      added = added.then(() => git(repository, 'worktree', 'add', '--quiet', '-b', name, path));
      await added;
      return path;
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
}

/** The files that differ from the last commit, new ones included. */
export async function changedFiles(directory: string): Promise<string[]> {
  const status = await git(directory, 'status', '--porcelain', '--untracked-files=all');
  return status
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(3))
    .toSorted();
}

/** Takes back what differs from the last commit. */
export async function takeBackChanges(directory: string): Promise<void> {
  await git(directory, 'reset', '--quiet', '--hard');
  await git(directory, 'clean', '--quiet', '--force', '-d');
}

/** Without the configuration of whoever runs the tests. */
async function git(directory: string, ...args: readonly string[]): Promise<string> {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid'];
  const env = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  return (await run('git', ['-C', directory, ...who, ...args], { env })).stdout;
}

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { demoRepository } from '@oio/scripted-model';

/** What a person who works in the repository would notice if a session touched it. */
export interface Checkout {
  readonly head: string;
  readonly branch: string;
  /** Changed, staged and untracked files, as `git status --porcelain` writes them; empty when there are none. */
  readonly status: string;
  /** Branches by name → commit, those of sessions (`oio/…`) included. */
  readonly branches: Readonly<Record<string, string>>;
}

/** A new git repository with the demo's files in one commit, on branch main. The user's own git configuration takes no part. */
export async function makeRepository(directory: string, path: string): Promise<void> {
  for (const [name, content] of Object.entries(demoRepository)) {
    const file = join(directory, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const git = gitIn(directory, path);
  await git('init', '--quiet');
  // Not an option of `init`, which git has only since 2.28.
  await git('symbolic-ref', 'HEAD', 'refs/heads/main');
  await git('add', '--all');
  await git('commit', '--quiet', '--message=Count words');
}

export async function readCheckout(directory: string, path: string): Promise<Checkout> {
  const git = gitIn(directory, path);
  const refs = await git('for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads');
  return {
    head: await git('rev-parse', 'HEAD'),
    branch: await git('rev-parse', '--abbrev-ref', 'HEAD'),
    status: await git('status', '--porcelain'),
    branches: Object.fromEntries(refs.split('\n').map((line) => line.split(' ') as [string, string])),
  };
}

const run = promisify(execFile);

function gitIn(directory: string, path: string) {
  const env = {
    PATH: path,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Demo',
    GIT_AUTHOR_EMAIL: 'demo@localhost',
    GIT_COMMITTER_NAME: 'Demo',
    GIT_COMMITTER_EMAIL: 'demo@localhost',
  };
  return async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run('git', ['-C', directory, ...args], { env });
    return stdout.trimEnd();
  };
}

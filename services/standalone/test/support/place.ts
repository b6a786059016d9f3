import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@oio/runtime/testing';
import { killProcess, processesOf } from './processes.ts';

/** A temporary place with everything that an orchestrator needs. What is left there when it is disposed of is ended. */
export interface Place extends AsyncDisposable {
  readonly root: string;
  /** The data directory; not made yet. */
  readonly data: string;
  /** A git repository with one commit. */
  readonly repository: string;
  /** A directory without git. */
  readonly plain: string;
  git(...args: string[]): string;
}

export async function makePlace(): Promise<Place> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'oio-standalone-')));
  // As root the database runs under another user, who has to pass.
  await chmod(root, 0o711);
  const repository = join(root, 'repository');
  const plain = join(root, 'plain');
  await Promise.all([mkdir(repository), mkdir(plain), mkdir(join(root, 'home'))]);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' });
  git('init', '--quiet', '--initial-branch=main');
  git('commit', '--quiet', '--allow-empty', '--message=begin');
  return {
    root,
    data: join(root, 'data'),
    repository,
    plain,
    git,
    async [Symbol.asyncDispose]() {
      await eventually(
        () => {
          const left = processesOf(root);
          for (const { pid } of left) killProcess(pid);
          return left.length === 0;
        },
        { withinMs: 20_000, what: 'the end of what a test left behind' },
      );
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

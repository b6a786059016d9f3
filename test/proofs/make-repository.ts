import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Makes an empty directory a git repository with one commit. */
export async function makeRepository(directory: string): Promise<void> {
  const git = (...args: string[]) => promisify(execFile)('git', ['-C', directory, ...args]);
  await git('init', '--quiet');
  const author = ['-c', 'user.name=proofs', '-c', 'user.email=proofs@localhost'];
  await git(...author, 'commit', '--quiet', '--allow-empty', '--message', 'Begin');
}

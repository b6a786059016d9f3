import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';

/** What a database, an OpenCode server and a few worktrees need to begin with. */
const SPACE_NEEDED_BYTES = 300_000_000;

/** Where the standalone process keeps its things. */
export interface DataDirectory {
  readonly root: string;
  readonly postgres: string;
  readonly opencode: string;
  readonly worktrees: string;
  readonly log: string;
}

/** Makes the directory if need be and sees that it can be used. `freeBytes` tells the space left. Throws `StartupError`. */
export async function prepareDataDirectory(root: string, freeBytes = freeBytesOf): Promise<DataDirectory> {
  await makeDirectory(root);
  requireSpace(root, await freeBytes(root));
  return {
    root,
    postgres: join(root, 'postgres'),
    opencode: join(root, 'opencode'),
    worktrees: join(root, 'worktrees'),
    log: join(root, 'orchestrator.log'),
  };
}

/** Sessions work on git repositories; without git nothing of that can be done. Throws `StartupError`. */
export function requireGit(): void {
  const { error, status } = spawnSync('git', ['--version'], { stdio: 'ignore' });
  if (!error && status === 0) return;
  throw new StartupError(
    'git is needed and was not found on the PATH. Install git (for example: apt-get install git), then start again.',
    EXIT_CODE.unavailable,
  );
}

async function makeDirectory(root: string): Promise<void> {
  try {
    await makeWithParents(root);
    const found = await stat(root);
    if (!found.isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    // Others may pass through to a place they know (the database's own user does), and see nothing.
    if (found.uid === process.getuid?.()) await chmod(root, 0o711);
    await writeFile(join(root, '.writable'), '');
  } catch (error) {
    throw new StartupError(
      `The data directory ${root} cannot be used: ${reasonOf(error)}. Choose another one with --data or OIO_DATA_DIR.`,
      EXIT_CODE.storage,
      { cause: error },
    );
  }
}

/** Node's own recursive mkdir never ends where a directory cannot be made although the one above is there, as in /proc. */
async function makeWithParents(path: string): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeWithParents(dirname(path));
  await mkdir(path, { mode: 0o711 });
}

async function freeBytesOf(root: string): Promise<number> {
  const { bavail, bsize } = await statfs(root);
  return bavail * bsize;
}

function requireSpace(root: string, free: number): void {
  if (free >= SPACE_NEEDED_BYTES) return;
  throw new StartupError(
    `There is too little space for the data directory ${root}: ${Math.floor(free / 1e6)} MB are free, ${SPACE_NEEDED_BYTES / 1e6} MB are needed. Free some, or choose another directory with --data.`,
    EXIT_CODE.storage,
  );
}

function reasonOf(error: unknown): string {
  const { code } = error as { code?: string };
  const reasons: Record<string, string> = {
    EACCES: 'there is no permission to write there',
    EPERM: 'there is no permission to write there',
    EROFS: 'it is on a read-only file system',
    ENOSPC: 'the disk is full',
    ENOTDIR: 'it, or something above it, is a file',
    EEXIST: 'it is a file',
  };
  return reasons[code ?? ''] ?? String(code ?? error);
}

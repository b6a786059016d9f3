import { constants } from 'node:fs';
import { access, chmod, mkdir, statfs } from 'node:fs/promises';
import { EXIT_CODE, StartupError } from '@oio/errors';

/**
 * Makes the directory if it is missing, for its owner only; as root, PostgreSQL's account may pass through it. Throws
 * StartupError when it is a file or cannot be written.
 */
export async function prepareDirectory(directory: string): Promise<void> {
  try {
    const created = await mkdir(directory, { recursive: true });
    if (created !== undefined) await chmod(directory, process.getuid?.() === 0 ? 0o711 : 0o700);
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw asStorageError(error, directory);
  }
}

/** Throws StartupError when the disk that holds `directory` has less than `bytes` left. */
export async function requireFreeSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new StartupError(
    `The embedded database needs ${megabytes(bytes)} of free disk space, and the disk of ${directory} has ` +
      `${megabytes(free)}. Make room there, or choose a directory on another disk.`,
    EXIT_CODE.storage,
  );
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_000_000)} MB`;
}

/** A failed file operation as a StartupError that says what to do; every other error as it is. */
export function asStorageError(error: unknown, directory: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const path = 'path' in error ? String(error.path) : directory;
  const reason = REASONS[errorCode(error)] ?? ('syscall' in error ? otherFailure(error.message) : undefined);
  return reason === undefined ? error : new StartupError(reason(path, directory), EXIT_CODE.storage, { cause: error });
}

function errorCode(error: Error): string {
  if ('errcode' in error) return SQLITE_CODES.get(Number(error.errcode)) ?? '';
  return 'code' in error ? String(error.code) : '';
}

/** The file of the lock is opened by SQLite, which has codes of its own: https://www.sqlite.org/rescode.html */
const SQLITE_CODES: ReadonlyMap<number, string> = new Map([
  [8, 'EROFS'],
  [13, 'ENOSPC'],
  [14, 'EACCES'],
]);

type Reason = (path: string, directory: string) => string;

const notADirectory: Reason = (path) =>
  `${path} cannot be used for the database: it, or something above it, is a file where a directory was expected. ` +
  'Choose another directory, or move that file away.';

const notWritable: Reason = (path, directory) =>
  `The database directory ${directory} cannot be used: ${path} may not be used by this user. ` +
  'Give it to the user that starts the orchestrator (chown, chmod), or choose another directory.';

const diskFull: Reason = (_path, directory) =>
  `The disk of ${directory} is full. Make room there, then start again; what was committed is safe.`;

const otherFailure =
  (message: string): Reason =>
  (_path, directory) =>
    `The database directory ${directory} cannot be used: ${message}. Put that right, or choose another directory.`;

const REASONS: Readonly<Record<string, Reason>> = {
  EEXIST: notADirectory,
  ENOTDIR: notADirectory,
  EACCES: notWritable,
  EPERM: notWritable,
  EROFS: (_path, directory) =>
    `${directory} lies on a file system that is mounted read-only. Choose another directory.`,
  ENOSPC: diskFull,
  EDQUOT: diskFull,
};

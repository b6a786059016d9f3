import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';

const SHORTEST = 32;
const READABLE_BY_OTHERS = 0o077;

export interface SecretFile {
  readonly path: string;
  /** What it holds, in words for a person: `API key`. */
  readonly what: string;
}

/**
 * The secret in a file that only its owner can read, made by `make` when there is none: visible ASCII, at least 32 characters.
 * All who come at the same time get the same. Throws `StartupError`.
 */
export async function loadOrCreateSecret(file: SecretFile, make: () => string): Promise<string> {
  try {
    return (await loadSecret(file)) ?? (await create(file, make));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw unusable(file, `cannot be used: ${(error as Error).message}`, EXIT_CODE.storage, error);
  }
}

/** The secret in a file; null when there is no such file. Throws `StartupError` when others can read it or it is no secret. */
export async function loadSecret(file: SecretFile): Promise<string | null> {
  const { path } = file;
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!found) return null;
  if (!found.isFile()) throw unusable(file, 'is not a file.', EXIT_CODE.storage);
  if ((found.mode & READABLE_BY_OTHERS) !== 0)
    throw unusable(file, `can be read by others. Make it yours alone: chmod 600 ${path}`, EXIT_CODE.config);
  const secret = (await readFile(path, 'utf8')).trim();
  if (secret.length < SHORTEST || /[^\x21-\x7e]/.test(secret)) {
    const reason = `does not hold a key of at least ${SHORTEST} characters. Remove it to get a new one.`;
    throw unusable(file, reason, EXIT_CODE.config);
  }
  return secret;
}

/** Written whole under another name first: whoever looks meanwhile, or after a crash, finds no file or a complete one. */
async function create(file: SecretFile, make: () => string): Promise<string> {
  const { path } = file;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, `${make()}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker: its secret counts.
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const secret = await loadSecret(file);
  if (!secret) throw unusable(file, 'vanished while it was made.', EXIT_CODE.storage);
  return secret;
}

function unusable({ path, what }: SecretFile, reason: string, exitCode: number, cause?: unknown): StartupError {
  return new StartupError(`The ${what} file ${path} ${reason}`, exitCode, { cause });
}

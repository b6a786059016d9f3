import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { API_KEY_FILE } from '@oio/sdk';

const SHORTEST = 32;
const READABLE_BY_OTHERS = 0o077;

/** The key of this installation, made at the first start: readable by its owner only, or it is refused. Throws StartupError. */
export async function loadOrCreateApiKey(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, API_KEY_FILE);
  try {
    return (await loadApiKey(path)) ?? (await create(dataDirectory, path));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(`The API key file ${path} cannot be used: ${(error as Error).message}`, EXIT_CODE.storage, {
      cause: error,
    });
  }
}

/** The key in a file; null when there is no such file. Throws StartupError when others can read it or it is no key. */
export async function loadApiKey(path: string): Promise<string | null> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!found) return null;
  if (!found.isFile()) throw new StartupError(`The API key file ${path} is not a file.`, EXIT_CODE.storage);
  if ((found.mode & READABLE_BY_OTHERS) !== 0) {
    throw new StartupError(
      `The API key file ${path} can be read by others. Make it yours alone: chmod 600 ${path}`,
      EXIT_CODE.config,
    );
  }
  const key = (await readFile(path, 'utf8')).trim();
  if (key.length < SHORTEST || /[^\x21-\x7e]/.test(key)) {
    throw new StartupError(
      `The API key file ${path} does not hold a key of at least ${SHORTEST} characters. Remove it to get a new one.`,
      EXIT_CODE.config,
    );
  }
  return key;
}

/** Written whole under another name first: whoever looks meanwhile finds no file or a complete one. */
async function create(dataDirectory: string, path: string): Promise<string> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, `oio_${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker: its key counts.
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const key = await loadApiKey(path);
  if (!key) throw new StartupError(`The API key file ${path} vanished while it was made.`, EXIT_CODE.storage);
  return key;
}

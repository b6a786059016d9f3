import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { EXIT_CODE, StartupError } from '@oio/errors';

/** The servers that no npm package brings along. */
export type Binary = 'nats-server' | 'redis-server';

/** What the machine can do; a port, so that tests can be other machines. */
export interface Machine {
  /** The path of the program, or null if it is not there. */
  find(binary: Binary): Promise<string | null>;
  /** Whether packages can be installed: root on Debian or Ubuntu. */
  readonly installs: boolean;
  /** Installs the package of that name. Throws what the package manager said. */
  install(name: string): Promise<void>;
}

/**
 * The path of a server program: from the PATH or the usual directories, else installed by `apt-get` where that is
 * possible. Throws `StartupError` that says what to install.
 */
export async function requireBinary(binary: Binary, machine: Machine = thisMachine): Promise<string> {
  const found = await machine.find(binary);
  if (found !== null) return found;
  if (!machine.installs) throw missing(binary);
  await machine.install(binary).catch((error: unknown) => {
    throw missing(binary, error);
  });
  const installed = await machine.find(binary);
  if (installed === null) throw missing(binary);
  return installed;
}

function missing(binary: Binary, cause?: unknown): StartupError {
  const reason = cause instanceof Error ? ` Installing it failed: ${cause.message.trim()}` : '';
  return new StartupError(
    `${binary} is needed and was not found.${reason} Install it (Debian, Ubuntu: apt-get install ${binary}; ` +
      `macOS: brew install ${BREW[binary]}) or put it on the PATH.`,
    EXIT_CODE.unavailable,
    { cause },
  );
}

const BREW: Readonly<Record<Binary, string>> = { 'nats-server': 'nats-server', 'redis-server': 'redis' };

const run = promisify(execFile);

const thisMachine: Machine = {
  async find(binary) {
    // Debian keeps nats-server where only root's PATH leads.
    const script = 'PATH="$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/opt/homebrew/bin" command -v "$1"';
    const found = await run('sh', ['-c', script, 'sh', binary]).catch(() => null);
    return found?.stdout.trim() || null;
  },
  installs: process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get'),
  async install(name) {
    // Several test files may want it at the same time, so each waits for the others. Runlevel 1 keeps the package from
    // starting a service of its own.
    const script =
      'export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; apt() { apt-get -qq -o DPkg::Lock::Timeout=120 "$@"; }; ' +
      'apt install -y --no-install-recommends "$1" || { apt update && apt install -y --no-install-recommends "$1"; }';
    await run('sh', ['-c', script, 'sh', name], { timeout: INSTALL_MS });
  },
};

const INSTALL_MS = 180_000;

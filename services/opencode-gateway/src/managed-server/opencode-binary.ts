import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';

export interface OpencodeBinary {
  readonly path: string;
  readonly version: string;
}

/**
 * The program itself, as the package `opencode-ai` installs it for this platform: not a wrapper script, so that the
 * process that we start is the server.
 */
export function resolveOpencodeBinary(): OpencodeBinary {
  const root = packageRoot();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const path = join(root, 'bin', 'opencode.exe');
  if (!isProgram(path)) runPostinstall(root);
  if (isProgram(path)) return { path, version };
  throw new StartupError(
    `The OpenCode program is missing (${path}): install with the optional packages of opencode-ai for this platform.`,
    EXIT_CODE.unavailable,
  );
}

function packageRoot(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('opencode-ai/package.json'));
  } catch (cause) {
    throw new StartupError('The package opencode-ai is not installed.', EXIT_CODE.unavailable, { cause });
  }
}

/** The package ships a short text in the program's place until its install script has run. */
function isProgram(path: string): boolean {
  return existsSync(path) && statSync(path).size > 1_000_000;
}

function runPostinstall(root: string): void {
  try {
    execFileSync(process.execPath, ['postinstall.mjs'], { cwd: root, stdio: 'ignore', timeout: 60_000 });
  } catch {
    // What is missing is said by the caller.
  }
}

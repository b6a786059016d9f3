import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ServerPaths } from './server-environment.ts';

/** A database of a gigabyte takes a few seconds; longer than this nobody waits for it. */
const WITHIN_MS = 120_000;

/** Has OpenCode give back what is free in its database. Nothing may run on the directory. */
export async function compactDatabase(
  binary: string,
  { cwd }: ServerPaths,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  await promisify(execFile)(binary, ['db', 'VACUUM'], { cwd, env: environment, timeout: WITHIN_MS });
}

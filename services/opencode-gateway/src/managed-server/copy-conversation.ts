import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { resolveOpencodeBinary } from './opencode-binary.ts';
import { prepareDirectory } from './prepare-directory.ts';
import { type Environment, serverEnvironment, serverPaths } from './server-environment.ts';

const WITHIN_MS = 60_000;

export interface ConversationCopy {
  /** The database that it is in; a server may be at work on it. */
  readonly from: string;
  /** Data directory of the server that is to have it, which has not run yet. */
  readonly directory: string;
  readonly environment: Environment;
}

/**
 * Gives a server that has not run yet the conversations of another one's database, as OpenCode itself reads it: what stands in its
 * log only is there as well, and whoever writes meanwhile is not held up.
 */
export async function copyConversation({ from, directory, environment }: ConversationCopy): Promise<void> {
  if (existsSync(serverPaths(directory).database)) return;
  const paths = await prepareDirectory(directory);
  await mkdir(dirname(paths.database), { recursive: true, mode: 0o700 });
  const unfinished = `${paths.database}.new`;
  await rm(unfinished, { force: true });
  const env = { ...serverEnvironment(paths, environment, { password: '', config: {} }), OPENCODE_DB: from };
  const order = `VACUUM INTO '${unfinished.replaceAll("'", "''")}'`;
  await promisify(execFile)(resolveOpencodeBinary().path, ['db', order], { cwd: paths.cwd, env, timeout: WITHIN_MS });
  await rename(unfinished, paths.database);
}

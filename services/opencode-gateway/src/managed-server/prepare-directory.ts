import { chmod, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { HIDDEN_FROM_TOOLS, type ServerPaths, serverPaths, SESSION_MARKER } from './server-environment.ts';

/** Makes the directory of a managed server ready, readable by its owner only. */
export async function prepareDirectory(directory: string): Promise<ServerPaths> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const paths = serverPaths(await realpath(directory));
    await chmod(paths.root, 0o700);
    for (const path of [paths.home, paths.cwd, paths.temp]) await mkdir(path, { recursive: true, mode: 0o700 });
    await writeFile(paths.plugin, PLUGIN, { mode: 0o600 });
    await writeFile(paths.noModels, '{}', { mode: 0o600 });
    await pretendInstalled(join(paths.home, '.config', 'opencode'));
    return paths;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`The OpenCode server's directory cannot be used: ${reason}`, EXIT_CODE.storage, { cause });
  }
}

/**
 * OpenCode installs its plugin library from the npm registry into each configuration directory, and the first use of
 * every project waits for it: 15 s, or minutes without a network. Ours needs no library. What counts for OpenCode is
 * that `node_modules` exists and that the lockfile names it.
 */
async function pretendInstalled(directory: string): Promise<void> {
  await mkdir(join(directory, 'node_modules'), { recursive: true, mode: 0o700 });
  const lock = { packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } } };
  await writeFile(join(directory, 'package-lock.json'), JSON.stringify(lock), { mode: 0o600 });
}

/** Removes what only a running server needs. Nothing runs on the directory when this is called. */
export async function clearTemporaryFiles({ temp }: ServerPaths): Promise<void> {
  await rm(temp, { recursive: true, force: true });
  await mkdir(temp, { recursive: true, mode: 0o700 });
}

/** A plugin for OpenCode: the shells that it starts for an agent see none of its secrets, and can be told by their session. */
const PLUGIN = `const hidden = new RegExp(${JSON.stringify(HIDDEN_FROM_TOOLS.source)});
export const HideSecrets = async () => ({
  'shell.env': async (input, output) => {
    output.env[${JSON.stringify(SESSION_MARKER)}] = input.sessionID ?? '';
    for (const name of Object.keys(process.env).filter((name) => hidden.test(name))) output.env[name] = '';
  },
});
`;

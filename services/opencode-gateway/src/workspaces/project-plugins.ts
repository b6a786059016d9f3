import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConflictError } from '@oio/errors';
import type { Git } from './git.ts';
import { isThere } from './is-there.ts';
import { knownForASecond } from './known-for-a-second.ts';

/**
 * Code of a project that OpenCode would load into its own process, with all that the server may do, even for an agent that
 * may only read. `OPENCODE_DISABLE_PROJECT_CONFIG` and `OPENCODE_PURE` keep only a part of OpenCode 1.18.33 from it.
 */
const CONFIG_FILES = ['opencode.json', 'opencode.jsonc'] as const;
const PLUGIN_DIRECTORIES = ['plugin', 'plugins'] as const;
const PATHSPECS = [
  ...CONFIG_FILES.map((name) => `:(glob)**/${name}`),
  ...PLUGIN_DIRECTORIES.map((name) => `:(glob)**/.opencode/${name}/**`),
];

/**
 * Takes such files out of a session's own worktree. They stay in the index and in every commit as they are, so that the
 * result does not touch them. May be repeated.
 */
export async function hideProjectPlugins(git: Git, root: string): Promise<void> {
  const { stdout } = await git(['ls-files', '-z', '--', ...PATHSPECS], { cwd: root });
  if (stdout === '') return;
  await git(['update-index', '--skip-worktree', '-z', '--stdin'], { cwd: root, input: stdout });
  for (const path of stdout.split('\0').filter(Boolean)) await rm(join(root, path), { force: true });
}

/** Refuses a directory whose own or inherited OpenCode configuration names plugins: in place nothing can be taken away. */
export async function refuseProjectPlugins(directory: string): Promise<void> {
  const found = await findProjectPlugins(directory);
  if (!found) return;
  throw new ConflictError(
    `${found} would be loaded into the OpenCode server as code. Take it away, or let the session work in a worktree of its own.`,
    { code: 'project_plugins', facts: { path: found } },
  );
}

/** The first file on the way up from a directory that would bring plugins; null without one. */
export async function findProjectPlugins(directory: string): Promise<string | null> {
  const own = join(directory, '.opencode');
  const folders = isThere(own) ? [directory, own] : [directory];
  const found = (folders.length > 1 ? await pluginFile(own) : null) ?? (await configWithPlugins(folders));
  const parent = dirname(directory);
  return found || parent === directory ? found : aboveIt(parent);
}

const aboveIt = knownForASecond(findProjectPlugins);

async function pluginFile(own: string): Promise<string | null> {
  for (const name of PLUGIN_DIRECTORIES) {
    const path = join(own, name);
    const [first] = await readdir(path).catch(() => []);
    if (first !== undefined) return join(path, first);
  }
  return null;
}

async function configWithPlugins(folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    for (const name of CONFIG_FILES) {
      const path = join(folder, name);
      if (!isThere(path)) continue;
      const text = await readFile(path, 'utf8').catch(() => '');
      // A comment that speaks of plugins is refused, too: better than to parse what OpenCode may parse otherwise.
      if (/"plugins?"/.test(text)) return path;
    }
  }
  return null;
}

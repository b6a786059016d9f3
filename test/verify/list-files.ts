import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

const NOT_OURS = new Set(['node_modules', 'coverage']);

/** All files of the repository whose name ends in one of the extensions, as sorted paths with `/`; dot folders are left out. */
export async function listFiles(root: string, extensions: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !NOT_OURS.has(entry.name) && !entry.name.startsWith('.')) folders.push(path);
      if (entry.isFile() && extensions.some((extension) => entry.name.endsWith(extension))) found.push(path);
    }
  }
  return found.map((path) => relative(root, path).split(sep).join('/')).toSorted();
}

import { listFiles } from './list-files.ts';

const ENDING = '.test.ts';
const BETWEEN = ' › ';

/**
 * The test files that tests of these titles stand in, as paths from the root, each once. AVA's titles begin with the path of
 * the file, as far as it is not common to all of them; empty when a title does not tell its file.
 */
export async function filesOf(root: string, titles: readonly string[]): Promise<string[]> {
  const files = await listFiles(root, [ENDING]);
  const found = titles.map((title) => longest(files.filter((file) => title.startsWith(prefixOf(file)))));
  return found.includes(undefined) ? [] : [...new Set(found as string[])];
}

function prefixOf(file: string): string {
  return `${file.slice(0, -ENDING.length).split('/').join(BETWEEN)}${BETWEEN}`;
}

/** One file's path can begin another's: a group and the folder of its tests. */
function longest(files: readonly string[]): string | undefined {
  return files.toSorted((a, b) => b.length - a.length)[0];
}

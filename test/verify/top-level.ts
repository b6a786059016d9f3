import { readdir } from 'node:fs/promises';

const AGREED = new Set([
  'LICENSE',
  'README.md',
  'docker-compose.yml',
  'docs',
  'infra',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'services',
  'shared',
  'test',
  'tsconfig.base.json',
]);
/** What git ignores: it lies there after an install or a crash and is never committed. */
const IGNORED = /^(?:node_modules|coverage|.*\.log)$/;

/** Reports every top-level name beyond the agreed ones and dotfiles: a newcomer reads that list first. */
export async function checkTopLevel(root: string): Promise<string[]> {
  const names = await readdir(root);
  return names
    .filter((name) => !AGREED.has(name) && !name.startsWith('.') && !IGNORED.test(name))
    .map(
      (name) =>
        `${name} does not belong at the top level: tool configurations are dotfiles, everything else has its folder`,
    );
}

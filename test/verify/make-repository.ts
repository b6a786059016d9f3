import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

const REPOSITORY = join(import.meta.dirname, '..', '..');
/** What the gate is configured by: the planted violations meet the very rules that the project meets. */
const CONFIGURATION = [
  '.biome.json',
  '.oxlintrc.json',
  'package.json',
  'pnpm-workspace.yaml',
  'services/tsconfig.json',
  'shared/tsconfig.json',
  'test/tsconfig.json',
  'tsconfig.base.json',
];

/** A small repository of its own, under the project's own rules, removed after the test. Keys are paths, values texts. */
export async function makeRepository(
  t: Pick<ExecutionContext, 'teardown'>,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'oio-verify-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  for (const path of CONFIGURATION) await cp(join(REPOSITORY, path), join(root, path));
  await symlink(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

/** A package.json for a planted package. */
export function manifest(name: string, dependencies: readonly string[] = []): string {
  const uses = Object.fromEntries(dependencies.map((dependency) => [dependency, 'workspace:*']));
  const content = { name, type: 'module', description: 'Planted.', exports: './src/index.ts', dependencies: uses };
  return `${JSON.stringify(content, null, 2)}\n`;
}

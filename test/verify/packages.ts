import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package of the workspace, as its package.json tells. */
export interface WorkspacePackage {
  readonly name: string;
  /** `services/scheduler` */
  readonly folder: string;
  readonly description: string;
  /** Names of the workspace's other packages that it depends on, in whatever role, sorted. */
  readonly uses: readonly string[];
  /** Files that its `exports` name, relative to the repository: the only ones that other packages see. */
  readonly entries: readonly string[];
}

/** Reads all packages under `services/` and `shared/`, sorted by folder. */
export async function readPackages(root: string): Promise<WorkspacePackage[]> {
  const folders = await Promise.all(['services', 'shared'].map((area) => packageFolders(root, area)));
  const manifests = await Promise.all(folders.flat().map((folder) => readManifest(root, folder)));
  const names = new Set(manifests.map(({ manifest }) => manifest.name));
  return manifests.map(({ folder, manifest }) => ({
    name: manifest.name,
    folder,
    description: manifest.description ?? '',
    uses: dependencyNames(manifest).filter((name) => names.has(name)),
    entries: entryFiles(manifest.exports).map((file) => join(folder, file)),
  }));
}

/** Every circle of packages that need each other, each told once. */
export function findPackageCycles(packages: readonly WorkspacePackage[]): string[] {
  const usesOf = new Map(packages.map(({ name, uses }) => [name, uses]));
  const cycles = new Map<string, string>();
  const visit = (name: string, path: readonly string[]): void => {
    const start = path.indexOf(name);
    if (start >= 0) {
      const cycle = path.slice(start);
      const members = cycle.toSorted().join();
      if (!cycles.has(members)) cycles.set(members, [...cycle, name].join(' → '));
      return;
    }
    for (const next of usesOf.get(name) ?? []) visit(next, [...path, name]);
  };
  for (const { name } of packages) visit(name, []);
  return [...cycles.values()].map((cycle) => `packages need each other in a circle: ${cycle}`);
}

interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly exports?: string | Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

async function packageFolders(root: string, area: string): Promise<string[]> {
  if (!existsSync(join(root, area))) return [];
  const entries = await readdir(join(root, area));
  const folders = entries.map((entry) => `${area}/${entry}`);
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json'))).toSorted();
}

async function readManifest(root: string, folder: string): Promise<{ folder: string; manifest: Manifest }> {
  const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as Manifest;
  return { folder, manifest };
}

function dependencyNames(manifest: Manifest): string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies }).toSorted();
}

function entryFiles(exports: Manifest['exports']): string[] {
  return typeof exports === 'string' ? [exports] : Object.values(exports ?? {});
}

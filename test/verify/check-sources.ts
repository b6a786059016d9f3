import { layerRules } from './layer-rules.ts';
import { listFiles } from './list-files.ts';
import { findPackageCycles, readPackages, type WorkspacePackage } from './packages.ts';
import { readSource, type SourceFile } from './source-file.ts';
import { SOURCE_RULES } from './source-rules.ts';

/** Checks the structure that no off-the-shelf linter knows: layers, names, and what a source file must not do. */
export async function checkSources(root: string): Promise<string[]> {
  const [packages, paths] = await Promise.all([readPackages(root), listFiles(root, ['.ts', '.mjs'])]);
  const problems = await Promise.all(paths.map(async (path) => checkSource(await readSource(root, path), packages)));
  return [...problems.flat(), ...findPackageCycles(packages)];
}

/** Every problem of one file, as `path:line what: why (rule)`. */
export function checkSource(file: SourceFile, packages: readonly WorkspacePackage[]): string[] {
  const services = packages.filter(({ folder }) => folder.startsWith('services/')).map(({ name }) => name);
  const entries = new Set(packages.flatMap((one) => one.entries));
  const layers = layerRules(new Set(services)).flatMap((rule) =>
    file.imports
      .filter(({ specifier }) => rule.forbids(file, specifier))
      .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}: ${rule.reason} (${rule.name})`),
  );
  const sources = SOURCE_RULES.flatMap((rule) =>
    rule.violations(file, entries).map((line) => `${file.path}:${line} ${rule.reason} (${rule.name})`),
  );
  return [...layers, ...sources];
}

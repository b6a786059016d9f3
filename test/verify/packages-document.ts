import { readPackages, type WorkspacePackage } from './packages.ts';

/** `docs/packages.md`: what each package is for and who uses whom, from the package.json files. */
export async function packagesDocument(root: string): Promise<string> {
  const packages = await readPackages(root);
  return `# Packages

Generated from the package.json files by \`npm run documents\`; not to be edited.

| package | what it is for |
| --- | --- |
${packages.map(({ folder, description }) => `| [${folder}](../${folder}/) | ${description} |`).join('\n')}

Who uses whom. An arrow that follows from others is left out: who uses a package may also use what stands below it.

\`\`\`mermaid
graph TD
${graph(packages).join('\n')}
\`\`\`
`;
}

function graph(packages: readonly WorkspacePackage[]): string[] {
  const usesOf = new Map(packages.map(({ name, uses }) => [name, uses]));
  return packages.flatMap(({ name, uses }) =>
    uses
      .filter((used) => !uses.some((other) => other !== used && reaches(usesOf, other, used)))
      .map((used) => `  ${shortName(name)} --> ${shortName(used)}`),
  );
}

function reaches(usesOf: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true;
    if (!seen.has(name)) open.push(...(usesOf.get(name) ?? []));
    seen.add(name);
  }
  return false;
}

function shortName(name: string): string {
  return name.replace('@oio/', '');
}

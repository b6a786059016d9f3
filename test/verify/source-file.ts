import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Comment, type Program, parseSync, Visitor } from 'oxc-parser';

/** Another module that a file names: by import, by re-export, by `import()`, or in a type. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** One parsed source file and where it stands in the repository. */
export interface SourceFile {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  /** `services/scheduler`; for a file outside of all packages its first folder: `test`. */
  readonly folder: string;
  /** Whether it belongs to the tests; the layers hold for what is shipped, and tests may use more. */
  readonly isTest: boolean;
  readonly program: Program;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
  lineAt(offset: number): number;
}

/** Reads and parses one source file. A file that is not valid TypeScript throws: no rule can be checked in it. */
export async function readSource(root: string, path: string): Promise<SourceFile> {
  return parseSource(path, await readFile(join(root, path), 'utf8'));
}

export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new SyntaxError(`${path}: ${errors[0].message}`);
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const parts = path.split('/');
  return {
    path,
    folder: parts[0] === 'services' || parts[0] === 'shared' ? parts.slice(0, 2).join('/') : (parts[0] ?? ''),
    isTest: parts.slice(0, -1).includes('test') || path.endsWith('.test.ts'),
    program,
    comments,
    imports: importsOf(program, lineAt),
    lineAt,
  };
}

function importsOf(program: Program, lineAt: (offset: number) => number): Import[] {
  const found: Import[] = [];
  const add = (source: { value?: unknown; start: number } | null): void => {
    if (typeof source?.value === 'string') found.push({ specifier: source.value, line: lineAt(source.start) });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add('value' in node.source ? node.source : null),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
  }).visit(program);
  return found;
}

import { type NewExpression, type Node, Visitor } from 'oxc-parser';
import type { SourceFile } from './source-file.ts';

/** One rule about a source file as a whole. */
export interface SourceRule {
  readonly name: string;
  readonly reason: string;
  /** Lines that break the rule; line 1 if it is the file itself. */
  violations(file: SourceFile, entries: ReadonlySet<string>): number[];
}

export const SOURCE_RULES: readonly SourceRule[] = [
  {
    name: 'environment-read',
    reason:
      'only config.ts and main.ts read process.env: configuration is one schema, parsed once, passed on as a value',
    violations: environmentReads,
  },
  {
    name: 'disable-comment',
    reason: 'a rule is not switched off by a comment: mend the code, or change the rule for everyone and say why',
    violations: (file) =>
      file.comments
        .filter(({ value }) =>
          /^\s*(?:oxlint-|eslint-|biome-ignore|knip-ignore|@ts-(?:ignore|expect-error|nocheck))/.test(value),
        )
        .map(({ start }) => file.lineAt(start)),
  },
  {
    name: 'barrel',
    reason: "re-exports stand only in a package's own entry, so that there is one place to find a name",
    violations: (file, entries) => (entries.has(file.path) ? [] : reExports(file)),
  },
  {
    name: 'vague-name',
    reason: 'utils, helpers, common, manager, misc say nothing: name the file after what it does',
    violations: (file) =>
      file.path.split(/[/.-]/).some((word) => /^(?:utils?|helpers?|commons?|managers?|misc)$/i.test(word)) ? [1] : [],
  },
  {
    name: 'sleeping-test',
    reason: 'a test does not sleep: poll for what it waits for with eventually(), else it is slow and still flaky',
    violations: (file) => (file.isTest && !isTestProgram(file.path) ? sleeps(file) : []),
  },
  {
    name: 'skipped-test',
    reason: 'nothing is skipped silently: no .skip, .only, .todo or .failing',
    violations: (file) => (file.isTest ? skippedTests(file) : []),
  },
  {
    name: 'empty-assertion',
    reason: 't.pass() asserts nothing: say what is to be so, with an assertion that fails when it is not',
    violations: (file) => (file.isTest ? emptyAssertions(file) : []),
  },
];

/** What runs as a program of its own, not as a test: the gate, the fault harness, the bench. They have schedules to keep. */
function isTestProgram(path: string): boolean {
  return path.startsWith('test/verify/') || (/^test\/(?:chaos|bench)\//.test(path) && !path.endsWith('.test.ts'));
}

function environmentReads(file: SourceFile): number[] {
  if (file.isTest || file.folder === 'infra' || mayReadEnvironment(file.path)) return [];
  const found: Node[] = [];
  new Visitor({
    MemberExpression: (node) => {
      if (isName(node.object, 'process') && propertyOf(node) === 'env') found.push(node);
    },
    VariableDeclarator: (node) => {
      const takesEnv =
        node.id.type === 'ObjectPattern' && node.id.properties.some((part) => 'key' in part && isName(part.key, 'env'));
      if (takesEnv && node.init !== null && isName(node.init, 'process')) found.push(node);
    },
    ImportDeclaration: (node) => {
      const isProcess = ['node:process', 'process'].includes(node.source.value);
      if (isProcess && node.specifiers.some((part) => 'imported' in part && isName(part.imported, 'env')))
        found.push(node);
    },
  }).visit(file.program);
  return linesOf(file, found);
}

/** `config.ts`, `main.ts`, and in shared/runtime whatever loads the configuration. */
function mayReadEnvironment(path: string): boolean {
  // What tests share takes its server from the test run.
  return (
    /(?:^|\/)(?:config|main)\.ts$/.test(path) ||
    path.includes('/src/testing/') ||
    /^shared\/runtime\/src\/[a-z-]*config[a-z-]*\.ts$/.test(path)
  );
}

function reExports(file: SourceFile): number[] {
  const isReExport = (node: Node): boolean =>
    node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source !== null);
  return linesOf(file, file.program.body.filter(isReExport));
}

function sleeps(file: SourceFile): number[] {
  if (file.path.endsWith('/eventually.ts')) return [];
  const found: Node[] = [];
  const resolvers: (string | null)[] = [];
  new Visitor({
    NewExpression: (node) => void resolvers.push(resolverOf(node)),
    'NewExpression:exit': () => void resolvers.pop(),
    CallExpression: ({ callee, arguments: [first] }) => {
      const called = callee.type === 'MemberExpression' ? propertyOf(callee) : rootName(callee);
      const resolves = first?.type === 'Identifier' && resolvers.includes(first.name);
      const isWait = called === 'wait' && rootName(callee) === 'Atomics';
      if (isWait || (called === 'setTimeout' && resolves)) found.push(callee);
    },
    ImportDeclaration: (node) => {
      if (!/^(?:node:)?timers\/promises$/.test(node.source.value)) return;
      const isTurn = node.specifiers.every((part) => 'imported' in part && isName(part.imported, 'setImmediate'));
      if (!isTurn) found.push(node);
    },
  }).visit(file.program);
  return linesOf(file, found);
}

/** What a promise's executor calls its way out: a timer that does nothing but take it is a sleep. */
function resolverOf(node: NewExpression): string | null {
  const [executor] = node.arguments;
  if (!isName(node.callee, 'Promise') || executor === undefined || !('params' in executor)) return null;
  const [resolve] = executor.params;
  return resolve?.type === 'Identifier' ? resolve.name : null;
}

function skippedTests(file: SourceFile): number[] {
  const found: Node[] = [];
  new Visitor({
    MemberExpression: (node) => {
      if (!['skip', 'only', 'todo', 'failing'].includes(propertyOf(node) ?? '')) return;
      if (['test', 't'].includes(rootName(node) ?? '')) found.push(node);
    },
  }).visit(file.program);
  return linesOf(file, found);
}

function emptyAssertions(file: SourceFile): number[] {
  const found: Node[] = [];
  new Visitor({
    MemberExpression: (node) => {
      if (isName(node.object, 't') && propertyOf(node) === 'pass') found.push(node);
    },
  }).visit(file.program);
  return linesOf(file, found);
}

/** `test` in `test.serial.skip`. */
function rootName(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'MemberExpression' ? rootName(node.object) : undefined;
}

function propertyOf(node: Node): string | undefined {
  if (node.type !== 'MemberExpression') return undefined;
  if (!node.computed && node.property.type === 'Identifier') return node.property.name;
  return node.property.type === 'Literal' ? String(node.property.value) : undefined;
}

function isName(node: Node, name: string): boolean {
  return node.type === 'Identifier' && node.name === name;
}

function linesOf(file: SourceFile, nodes: readonly Node[]): number[] {
  return nodes.map(({ start }) => file.lineAt(start));
}

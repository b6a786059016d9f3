import test, { type ExecutionContext } from 'ava';
import { makeRepository } from './make-repository.ts';
import { checkFormat, checkLint, checkTypes } from './steps.ts';

const lines = (count: number, text: string): string => `${text}\n`.repeat(count);
const branches = (count: number): string => lines(count, '  if (x === Math.random()) return 1;');

/** One violating file for each rule of the linter, and what must be said about it. */
const PLANTED: Readonly<Record<string, { text: string; says: RegExp }>> = {
  'any.ts': { text: 'export const x: any = 1;', says: /no-explicit-any/ },
  'floating-promise.ts': {
    text: "import { rm } from 'node:fs/promises';\nexport function f(): void {\n  rm('x');\n}",
    says: /no-floating-promises/,
  },
  'misused-promise.ts': {
    text: 'export const f = (xs: string[]): void => xs.forEach(async (x) => { await Promise.resolve(x); });',
    says: /no-misused-promises/,
  },
  'unused-variable.ts': { text: 'const x = 1;\nexport const y = 2;', says: /no-unused-vars/ },
  'loose-equality.ts': { text: 'export const f = (x: unknown): boolean => x == 1;', says: /eqeqeq/ },
  'console-log.ts': { text: 'console.log(1);\nexport const x = 1;', says: /no-console/ },
  'long-file.ts': { text: lines(301, 'void 0;'), says: /max-lines\)/ },
  'long-function.ts': {
    text: `export function f(): void {\n${lines(39, '  void 0;')}}`,
    says: /max-lines-per-function/,
  },
  'complex.ts': { text: `export function f(x: number): number {\n${branches(10)}  return 0;\n}`, says: /complexity/ },
  'notKebab.ts': { text: 'export const x = 1;', says: /filename-case/ },
  'default-export.ts': { text: 'export default 1;', says: /no-default-export/ },
  'useless-directive.ts': {
    text: '// oxlint-disable-next-line no-var\nexport const x = 1;',
    says: /Unused .*directive/i,
  },
  'cycle-a.ts': { text: "import { b } from './cycle-b.ts';\nexport const a = (): number => b();", says: /no-cycle/ },
  'cycle-b.ts': { text: "import { a } from './cycle-a.ts';\nexport const b = (): number => a();", says: /no-cycle/ },
  'suppressed.ts': { text: '// @ts-ignore\nexport const x = 1;', says: /ban-ts-comment/ },
  'unsafe.ts': { text: "export const x: string = JSON.parse('1');", says: /no-unsafe-assignment/ },
};

/** Just inside every limit. */
const CLEAN: Readonly<Record<string, string>> = {
  'services/clean/src/awaited-promise.ts':
    "import { rm } from 'node:fs/promises';\nexport async function f(): Promise<void> {\n  await rm('x');\n}\n",
  'services/clean/src/full-file.ts': `// comments do not count\n\n${lines(300, 'void 0;')}`,
  'services/clean/src/full-function.ts': `export function f(): void {\n  // nor here\n\n${lines(38, '  void 0;')}}\n`,
  'services/clean/src/just-simple.ts': `export function f(x: number): number {\n${branches(9)}  return 0;\n}\n`,
  'services/clean/src/main.ts': 'console.log(1);\n',
};

let report = '';
const cleanUp: (() => unknown)[] = [];

test.before('lint all planted files in one run', async () => {
  const files: Record<string, string> = {};
  for (const [name, { text }] of Object.entries(PLANTED)) files[`services/planted/src/${name}`] = `${text}\n`;
  const root = await makeRepository({ teardown: (end) => cleanUp.push(end) }, files);
  report = (await checkLint(root)).join('\n');
});

test.after.always('remove the planted files', async () => {
  for (const end of cleanUp) await end();
});

const isReported = test.macro({
  title: (_, name: string) => `the linter reports ${name}`,
  exec(t: ExecutionContext, name: string, says: RegExp) {
    const own = report.split('\n').filter((line) => line.includes(`services/planted/src/${name}:`));
    t.regex(own.join('\n'), says);
  },
});

for (const [name, { says }] of Object.entries(PLANTED)) test(isReported, name, says);

test('code just inside every limit passes lint, format and types', async (t) => {
  const root = await makeRepository(t, CLEAN);
  t.deepEqual(await checkLint(root), []);
  t.deepEqual(await checkFormat(root), []);
  t.deepEqual(await checkTypes(root), []);
});

test('each way to deviate from the format is reported', async (t) => {
  const root = await makeRepository(t, {
    'services/planted/src/quotes.ts': 'export const x = "a";\n',
    'services/planted/src/semicolon.ts': 'export const x = 1\n',
    'services/planted/src/indentation.ts': 'export function f(): void {\n    void 0;\n}\n',
    'services/planted/src/comma.ts': `export const x = [\n${lines(9, "  'twelve letters',").slice(0, -2)}\n];\n`,
    'services/planted/src/script.mjs': 'export const x = "a"\n',
    'services/planted/settings.json': '{"a":1}',
  });
  const problems = (await checkFormat(root)).join('\n');
  for (const name of ['quotes.ts', 'semicolon.ts', 'indentation.ts', 'comma.ts', 'script.mjs', 'settings.json']) {
    t.regex(problems, new RegExp(`${name} format`), name);
  }
});

test('a type error is reported, in sources and in tests', async (t) => {
  const root = await makeRepository(t, {
    'services/planted/src/source.ts': "export const x: number = 'a';\n",
    'shared/planted/test/a.test.ts': "export const x: number = 'a';\n",
  });
  const problems = (await checkTypes(root)).join('\n');
  t.regex(problems, /source\.ts.*TS2322/);
  t.regex(problems, /a\.test\.ts.*TS2322/);
});

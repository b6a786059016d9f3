import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Lexer, type Token, walkTokens } from 'marked';
import { listFiles } from './list-files.ts';
import { readPackages } from './packages.ts';

/** Reports every package without a README that opens with a heading and a sentence about its purpose. */
export async function checkReadmes(root: string): Promise<string[]> {
  const packages = await readPackages(root);
  const problems = await Promise.all(packages.map(({ folder }) => readmeProblem(root, folder)));
  return problems.filter((problem) => problem !== undefined);
}

/** Reports every relative link in a Markdown file whose file, or heading in a Markdown file, does not exist. */
export async function checkLinks(root: string): Promise<string[]> {
  const paths = await listFiles(root, ['.md']);
  const problems = await Promise.all(paths.map((path) => brokenLinks(root, path)));
  return problems.flat();
}

async function readmeProblem(root: string, folder: string): Promise<string | undefined> {
  const path = `${folder}/README.md`;
  if (!existsSync(join(root, path))) return `${path} is missing: each package says in one line what it is for`;
  const [heading, purpose] = tokensOf(await readFile(join(root, path), 'utf8')).filter(({ type }) => type !== 'space');
  if (heading?.type !== 'heading' || heading['depth'] !== 1) return `${path} must open with a first-level heading`;
  if (purpose?.type !== 'paragraph') return `${path} must say what the package is for, right below its heading`;
  return undefined;
}

async function brokenLinks(root: string, path: string): Promise<string[]> {
  const targets: string[] = [];
  void walkTokens(tokensOf(await readFile(join(root, path), 'utf8')), (token) => {
    if ((token.type === 'link' || token.type === 'image') && isRelative(token['href'])) targets.push(token['href']);
  });
  const reasons = await Promise.all(targets.map((target) => brokenReason(root, path, target)));
  return reasons.flatMap((reason, index) =>
    reason === undefined ? [] : [`${path} links to ${targets[index]}: ${reason}`],
  );
}

function isRelative(href: unknown): href is string {
  return typeof href === 'string' && !/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(href);
}

async function brokenReason(root: string, from: string, target: string): Promise<string | undefined> {
  const [file = '', heading] = target.split('#', 2);
  const path = file === '' ? join(root, from) : join(root, dirname(from), decodeURIComponent(file));
  if (!existsSync(path)) return 'no such file';
  if (heading === undefined || !path.endsWith('.md')) return undefined;
  return anchorsOf(await readFile(path, 'utf8')).has(heading) ? undefined : 'no such heading';
}

/** Anchors as GitHub makes them from headings; the second of a name gets `-1`, the next `-2`. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const token of tokensOf(text)) {
    if (token.type !== 'heading') continue;
    const plain = String(token['text'])
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = plain;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${plain}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

function tokensOf(text: string): Token[] {
  return new Lexer().lex(text);
}

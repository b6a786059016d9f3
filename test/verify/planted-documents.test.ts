import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { checkDocuments, DOCUMENTS, writeDocuments } from './documents.ts';
import { makeRepository, manifest } from './make-repository.ts';
import { checkLinks, checkReadmes } from './markdown-rules.ts';
import { checkTopLevel } from './top-level.ts';

const PACKAGES = {
  'services/alpha/package.json': manifest('@oio/alpha', ['@oio/beta', '@oio/gamma']),
  'shared/beta/package.json': manifest('@oio/beta', ['@oio/gamma']),
  'shared/gamma/package.json': manifest('@oio/gamma'),
};

/** The one that is made of what the planted repository has. */
const PACKAGES_ONLY = DOCUMENTS.filter(({ path }) => path === 'docs/packages.md');

test('a generated document that was never written is reported, and written it is in step', async (t) => {
  const root = await makeRepository(t, PACKAGES);
  t.deepEqual(await checkDocuments(root, PACKAGES_ONLY), ['docs/packages.md is missing: run npm run documents']);
  await writeDocuments(root, PACKAGES_ONLY);
  t.deepEqual(await checkDocuments(root, PACKAGES_ONLY), []);
});

test('a generated document whose sources have changed is reported', async (t) => {
  const root = await makeRepository(t, PACKAGES);
  await writeDocuments(root, PACKAGES_ONLY);
  await writeFile(join(root, 'shared/gamma/package.json'), manifest('@oio/delta'));
  const problems = await checkDocuments(root, PACKAGES_ONLY);
  t.deepEqual(problems, ['docs/packages.md is out of step with its sources: run npm run documents']);
});

test('the graph of packages leaves out an arrow that follows from others', async (t) => {
  const root = await makeRepository(t, PACKAGES);
  const text = (await DOCUMENTS.find(({ path }) => path === 'docs/packages.md')?.generate(root)) ?? '';
  t.true(text.includes('| [services/alpha](../services/alpha/) | Planted. |'));
  t.true(text.includes('  alpha --> beta\n  beta --> gamma\n'));
  t.false(text.includes('alpha --> gamma'));
});

test('a package without a README that says what it is for is reported', async (t) => {
  const root = await makeRepository(t, {
    ...PACKAGES,
    'services/alpha/README.md': '# alpha\n\nDoes one thing.\n',
    'shared/beta/README.md': '# beta\n\n## Usage\n',
    'shared/delta/package.json': manifest('@oio/delta'),
    'shared/delta/README.md': 'Does one thing.\n',
  });
  t.deepEqual(await checkReadmes(root), [
    'shared/beta/README.md must say what the package is for, right below its heading',
    'shared/delta/README.md must open with a first-level heading',
    'shared/gamma/README.md is missing: each package says in one line what it is for',
  ]);
});

test('a relative link to a file or heading that does not exist is reported', async (t) => {
  const root = await makeRepository(t, {
    'README.md': '[a](docs/a.md) [gone](docs/gone.md) ![p](picture.png) [r][ref]\n\n[ref]: docs/lost.md\n',
    'docs/a.md': '# The *first* part\n\n[no](#second) [no](../README.md#nowhere)\n',
  });
  t.deepEqual(await checkLinks(root), [
    'README.md links to docs/gone.md: no such file',
    'README.md links to picture.png: no such file',
    'README.md links to docs/lost.md: no such file',
    'docs/a.md links to #second: no such heading',
    'docs/a.md links to ../README.md#nowhere: no such heading',
  ]);
});

test('links that resolve, lead elsewhere or stand in code are not reported', async (t) => {
  const root = await makeRepository(t, {
    'README.md': '# Top\n\n[a](docs/a.md#the-first-part) [b](docs) [c](#top) [d](https://example.org/x) `[e](x.md)`\n',
    'docs/a.md': '# The *first* part\n\n```\n[f](nowhere.md)\n```\n',
  });
  t.deepEqual(await checkLinks(root), []);
});

test('a stray file or folder at the top level is reported, an agreed one or a dotfile is not', async (t) => {
  const root = await makeRepository(t, { 'README.md': '# x\n', '.editorconfig': '', 'notes.txt': '', 'src/x.ts': '' });
  const problems = await checkTopLevel(root);
  t.is(problems.length, 2);
  t.regex(problems[0] ?? '', /^notes\.txt does not belong at the top level/);
  t.regex(problems[1] ?? '', /^src does not belong at the top level/);
});

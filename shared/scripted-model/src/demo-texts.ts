/** What the demo scripts write. */
export const PLAN = `# Plan: slugify(text)

Turns a title into a part of a URL: \`Crème Brûlée!\` becomes \`creme-brulee\`.

1. \`src/slug.js\`: decompose accented letters, drop the marks, lower the case, join the words with hyphens.
2. \`test/slug.test.js\`: a plain title, accents, signs at both ends, an empty text.
3. Name the function in the README.

Open: letters without a decomposition, such as \`ø\` and \`ß\`, are dropped. That is enough for now.
`;

export const SLUG_MODULE = `/** A text as part of a URL: lower case, without accents, words joined by hyphens. */
export function slugify(text) {
  return text
    .normalize('NFKD')
    .replace(/\\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
`;

export const SLUG_TEST = `import assert from 'node:assert/strict';
import test from 'node:test';
import { slugify } from '../src/slug.js';

test('joins words with hyphens', () => {
  assert.equal(slugify('Hello brave new World'), 'hello-brave-new-world');
});

test('drops accents and signs', () => {
  assert.equal(slugify('¡Crème Brûlée!'), 'creme-brulee');
});

test('makes nothing of nothing', () => {
  assert.equal(slugify(''), '');
});
`;

/** Old and new text of an edit. */
export const WORDS_FIX = ['text.split(/\\s+/).length', 'text.split(/\\s+/).filter(Boolean).length'] as const;

export const WORDS_TEST_FIX = [
  `  assert.equal(countWords('one two three'), 3);
});
`,
  `  assert.equal(countWords('one two three'), 3);
});

test('counts no word in a blank text', () => {
  assert.equal(countWords(''), 0);
  assert.equal(countWords(' \\n '), 0);
});
`,
] as const;

export const API_PAGE = `# API

## countWords(text)

How many words a text has; words are what stands between blanks.

\`\`\`js
countWords('one two three'); // 3
\`\`\`
`;

/** A small JavaScript project for the demo scripts to work on: path → content. Its `countWords` has a defect to find. */
export const demoRepository: Readonly<Record<string, string>> = {
  'README.md': `# text-tools

Small functions for texts, without dependencies.

- \`countWords(text)\`: how many words a text has.

Run the tests with \`node --test\`.
`,
  'package.json': `{
  "name": "text-tools",
  "version": "1.0.0",
  "private": true,
  "type": "module",
  "exports": "./src/words.js",
  "scripts": { "test": "node --test" }
}
`,
  'src/words.js': `/** How many words a text has. */
export function countWords(text) {
  return text.split(/\\s+/).length;
}
`,
  'test/words.test.js': `import assert from 'node:assert/strict';
import test from 'node:test';
import { countWords } from '../src/words.js';

test('counts the words of a sentence', () => {
  assert.equal(countWords('one two three'), 3);
});
`,
};

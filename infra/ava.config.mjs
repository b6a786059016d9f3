// Plain JavaScript: AVA asks for it.
import { readFileSync } from 'node:fs';

const { ava } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** What takes longest beside what leaves it the processor, in the order in which it begins. */
const LONG = [
  'test/chaos/chaos',
  // These wait more than they work.
  'test/faults/stand-in',
  'services/opencode-gateway/test/gateways/hanging',
  'services/opencode-gateway/test/gateways/approvals',
  'test/proofs/kills/prove-kills',
].map((name) => `${name}.test.ts`);

function rank(path) {
  const place = LONG.findIndex((name) => path.endsWith(name));
  return place < 0 ? LONG.length : place;
}

/**
 * The whole run: the long files first, so that no single one is left at the end while the other processes have nothing to do.
 * @public AVA reads it.
 */
export default { ...ava, sortTestFiles: (a, b) => rank(a) - rank(b) };

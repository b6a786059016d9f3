import { createLogger } from '@oio/runtime';
import test from 'ava';
import { tellMissingRoots } from '../../src/workspaces/tell-missing-roots.ts';

test('a root that is no directory is told of at the start, those that are one are not', async (t) => {
  const lines: string[] = [];
  const logger = createLogger('test', { destination: { write: (line: string) => void lines.push(line) } });
  await tellMissingRoots([import.meta.dirname, '/no/such/root', import.meta.filename], logger);
  t.deepEqual(
    lines.map((line) => (JSON.parse(line) as { root: string }).root),
    ['/no/such/root', import.meta.filename],
  );
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import test from 'ava';
import { prepareDataDirectory } from '../src/data-directory.ts';

test('too little space is told with what is free and what is needed', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'oio-space-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const error = await t.throwsAsync(
    prepareDataDirectory(root, () => Promise.resolve(12_000_000)),
    { instanceOf: StartupError, message: /12 MB are free, 300 MB are needed/ },
  );
  t.is(error.exitCode, EXIT_CODE.storage);
  t.is((await prepareDataDirectory(root, () => Promise.resolve(300_000_000))).root, root);
});

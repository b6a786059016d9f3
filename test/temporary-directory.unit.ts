import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import test from 'ava';
import { withTemporaryDirectory } from './temporary-directory.ts';

test('a temporary directory is gone after its task, but for what came out that is to be looked at', async (t) => {
  const left = async (isOk: boolean): Promise<boolean> => {
    let path = '';
    const task = async (directory: string) => {
      path = directory;
      return { isOk };
    };
    await withTemporaryDirectory({ prefix: 'oio-temporary-', keepsIf: (result) => !result.isOk }, task);
    t.teardown(() => rm(path, { recursive: true, force: true }));
    return existsSync(path);
  };
  t.false(await left(true));
  t.true(await left(false));
});

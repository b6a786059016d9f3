import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT_CODE, type StartupError } from '@oio/errors';
import { readApiKey } from '@oio/sdk';
import test from 'ava';
import { loadOrCreateApiKey } from '../src/index.ts';

async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'oio-api-key-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('the first start makes a key that only its owner can read; later ones, and the client, find it', async (t) => {
  await using directory = await temporaryDirectory();
  const data = join(directory.path, 'data');
  t.is(await readApiKey(data), null);
  const key = await loadOrCreateApiKey(data);
  t.regex(key, /^oio_[A-Za-z0-9_-]{43}$/);
  t.is((await stat(join(data, 'api-key'))).mode & 0o777, 0o600);
  t.is(await loadOrCreateApiKey(data), key);
  t.is(await readApiKey(data), key);
});

test('of many first starts at a time all get the same key, and nothing is left lying about', async (t) => {
  await using directory = await temporaryDirectory();
  const keys = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateApiKey(directory.path)));
  t.is(new Set(keys).size, 1);
  t.deepEqual(await readdir(directory.path), ['api-key']);
});

test('a key file that others can read is refused, with what to do', async (t) => {
  await using directory = await temporaryDirectory();
  await loadOrCreateApiKey(directory.path);
  await chmod(join(directory.path, 'api-key'), 0o640);
  const error = await t.throwsAsync<StartupError>(loadOrCreateApiKey(directory.path), { message: /chmod 600/ });
  t.is(error?.exitCode, EXIT_CODE.config);
});

test('a key file without a proper key is refused and left as it is', async (t) => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'api-key');
  for (const content of ['', 'short', `${'x'.repeat(40)}\n${'y'.repeat(40)}`]) {
    await writeFile(path, content, { mode: 0o600 });
    await t.throwsAsync(loadOrCreateApiKey(directory.path), { message: /does not hold a key/ });
    t.is(await readFile(path, 'utf8'), content);
  }
});

test('a data directory that cannot be used is told in words', async (t) => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, 'file'), '');
  const error = await t.throwsAsync<StartupError>(loadOrCreateApiKey(join(directory.path, 'file')), {
    name: 'StartupError',
  });
  t.is(error?.exitCode, EXIT_CODE.storage);
});

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { encryptionKeys } from '../src/encryption-keys.ts';

async function directory(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oio-encryption-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('without a setting a key is made once, beside the server, for its owner only', async (t) => {
  const path = join(await directory(t), 'opencode');
  const found = await Promise.all([encryptionKeys({}, path), encryptionKeys({}, path), encryptionKeys({}, path)]);
  const key = found[0][0] ?? '';
  t.regex(key, /^[A-Za-z0-9_-]{43}$/);
  t.deepEqual(found, [[key], [key], [key]]);
  t.is((await stat(join(path, 'encryption.key'))).mode & 0o777, 0o600);
  t.deepEqual(await encryptionKeys({ ENCRYPTION_KEY: ['given'] }, path), ['given']);
});

test('a key file that a crash has left empty is refused: everybody knows the empty key', async (t) => {
  const path = await directory(t);
  const file = join(path, 'encryption.key');
  await writeFile(file, '', { mode: 0o600 });
  await t.throwsAsync(encryptionKeys({}, path), {
    name: 'StartupError',
    message: /encryption key file .* does not hold a key/,
  });
  t.is(await readFile(file, 'utf8'), '');
});

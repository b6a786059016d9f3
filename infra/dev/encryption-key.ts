import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The key for stored credentials, made at the first start: what it has encrypted lies in the database beside it. */
export async function loadOrCreateEncryptionKey(directory: string): Promise<string> {
  const path = join(directory, 'encryption-key');
  await writeFile(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    },
  );
  return (await readFile(path, 'utf8')).trim();
}

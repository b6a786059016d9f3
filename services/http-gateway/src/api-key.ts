import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { loadOrCreateSecret, loadSecret } from '@oio/runtime';
import { API_KEY_FILE } from '@oio/sdk';

const WHAT = 'API key';

/** The key of this installation, made at the first start: readable by its owner only, or it is refused. Throws StartupError. */
export function loadOrCreateApiKey(dataDirectory: string): Promise<string> {
  const file = { path: join(dataDirectory, API_KEY_FILE), what: WHAT };
  return loadOrCreateSecret(file, () => `oio_${randomBytes(32).toString('base64url')}`);
}

/** The key in a file; null when there is no such file. Throws StartupError when others can read it or it is no key. */
export function loadApiKey(path: string): Promise<string | null> {
  return loadSecret({ path, what: WHAT });
}

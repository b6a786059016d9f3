import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { loadOrCreateSecret } from '@oio/runtime';
import type { OpencodeGatewayConfig } from './config.ts';

/**
 * The keys of the setting; without it that of a file beside the managed server, made if need be, for one machine alone. Throws
 * `StartupError` when that cannot be used.
 */
export async function encryptionKeys(
  config: Pick<OpencodeGatewayConfig, 'ENCRYPTION_KEY'>,
  serverDirectory: string,
): Promise<readonly string[]> {
  if (config.ENCRYPTION_KEY) return config.ENCRYPTION_KEY;
  const file = { path: join(serverDirectory, 'encryption.key'), what: 'encryption key' };
  return [await loadOrCreateSecret(file, () => randomBytes(32).toString('base64url'))];
}

import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import type { OpencodeGatewayConfig } from './config.ts';

/** The keys of the setting; without it that of a file beside the managed server, made if need be, for one machine alone. */
export async function encryptionKeys(
  config: OpencodeGatewayConfig,
  serverDirectory: string,
): Promise<readonly string[]> {
  if (config.ENCRYPTION_KEY) return config.ENCRYPTION_KEY;
  const path = join(serverDirectory, 'encryption.key');
  try {
    await makeKey(path);
    return [(await readFile(path, 'utf8')).trim()];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`The encryption key cannot be kept: ${reason}. Set ENCRYPTION_KEY.`, EXIT_CODE.storage, {
      cause,
    });
  }
}

async function makeKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return null;
    throw error;
  });
  if (!file) return;
  try {
    await file.writeFile(randomBytes(32).toString('base64url'));
    await file.sync();
  } finally {
    await file.close();
  }
}

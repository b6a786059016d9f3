import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { InvalidError } from '@oio/errors';

/** Keeps secrets in the database unreadable for who has only that. */
export interface Cipher {
  /** `about` is bound to the result: it opens only for the same. */
  seal(secret: string, about: string): string;
  /** Throws `InvalidError` code `not_decryptable`: made with another key, for something else, or damaged. */
  open(sealed: string, about: string): string;
}

/**
 * AES-256-GCM under a key derived by HKDF-SHA256. Sealed text is `v1.<key>.<iv>.<tag>.<data>`, in which `<key>` tells which
 * key it was: the first one seals, all of them open, so that a new key is put in front and the old one is dropped once
 * nothing under it is left.
 */
export function createCipher(secrets: readonly string[]): Cipher {
  const keys = secrets.map(deriveKey);
  const [current] = keys;
  if (!current) throw new InvalidError('An encryption key is needed.');
  return {
    seal(secret, about) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', current.key, iv).setAAD(Buffer.from(about));
      const data = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return [VERSION, current.id, ...[iv, cipher.getAuthTag(), data].map((part) => part.toString('base64url'))].join(
        '.',
      );
    },
    open(sealed, about) {
      const [version, id, ...parts] = sealed.split('.');
      const key = keys.find((one) => one.id === id)?.key;
      const [iv, tag, data] = parts.map((part) => Buffer.from(part, 'base64url'));
      if (version !== VERSION || !key || !iv || !tag || !data) throw notDecryptable();
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(Buffer.from(about));
        return decipher.setAuthTag(tag).update(data, undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw notDecryptable(cause);
      }
    },
  };
}

const VERSION = 'v1';

function deriveKey(secret: string): { readonly id: string; readonly key: Buffer } {
  const key = Buffer.from(hkdfSync('sha256', secret, 'opencode-industrial-orchestrator', 'server credentials', 32));
  return { id: createHash('sha256').update(key).digest('base64url').slice(0, 8), key };
}

function notDecryptable(cause?: unknown): InvalidError {
  const message = 'A secret in the database cannot be decrypted with any of the keys in ENCRYPTION_KEY.';
  return new InvalidError(message, { code: 'not_decryptable', cause });
}

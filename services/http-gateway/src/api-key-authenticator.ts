import { createHash, timingSafeEqual } from 'node:crypto';
import type { Authenticator, Principal } from './ports.ts';

/** Knows principals by their API keys. Only hashes of them are kept, and every one is compared in constant time. */
export function createApiKeyAuthenticator(keys: readonly { readonly key: string; readonly principal: Principal }[]): Authenticator {
  const known = keys.map(({ key, principal }) => ({ hash: hashOf(key), principal }));
  return {
    async authenticate(token) {
      const hash = hashOf(token);
      let found: Principal | null = null;
      for (const entry of known) if (timingSafeEqual(entry.hash, hash)) found = entry.principal;
      return found;
    },
  };
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Authenticator, Principal } from './ports.ts';

/** Whoever holds the key of the installation, and so runs it. */
const OWNER: Principal = { id: 'owner', tenant: 'default', scopes: ['read', 'write', 'operator'] };

export interface ApiKey {
  readonly key: string;
  readonly principal: Principal;
}

/** Knows the key of the installation, or principals by keys of their own. Only hashes are kept, and every one is compared in constant time. */
export function createApiKeyAuthenticator(keys: string | readonly ApiKey[]): Authenticator {
  const all = typeof keys === 'string' ? [{ key: keys, principal: OWNER }] : keys;
  const known = all.map(({ key, principal }) => ({ hash: hashOf(key), principal }));
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

import { ForbiddenError, UnauthenticatedError } from '@oio/errors';
import type { Authenticator, Principal } from './ports.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,4096}=*) *$/i;

/** Whose request it is, by its `Authorization` header. Throws unless the principal may do what the route is for. */
export async function authenticate(
  authenticator: Authenticator,
  header: string | undefined,
  scope: Principal['scopes'][number],
): Promise<Principal> {
  if (!header) throw new UnauthenticatedError('Send the API key: "Authorization: Bearer <key>".');
  const token = BEARER.exec(header)?.[1];
  const principal = token === undefined ? null : await authenticator.authenticate(token);
  if (!principal) throw new UnauthenticatedError('The API key is not valid.', { code: 'invalid_token' });
  if (!principal.scopes.includes(scope)) {
    throw new ForbiddenError(`These credentials lack the scope "${scope}".`, {
      code: 'missing_scope',
      facts: { scope },
    });
  }
  return principal;
}

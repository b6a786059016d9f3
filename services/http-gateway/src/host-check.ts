import { InvalidError } from '@oio/errors';
import type { Middleware } from './gateway-context.ts';
import { isLoopback } from './loopback.ts';

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i;

/**
 * Answers only to names that this API is known by. A web page can make a browser resolve the page's own name to a loopback
 * address (DNS rebinding); the name that the request carries gives it away.
 */
export function checkHost(allowed: readonly string[]): Middleware {
  return async (ctx, next) => {
    if (hostsIn(ctx.req.rawHeaders) > 1)
      throw new InvalidError('The request has more than one Host header.', { code: 'bad_request' });
    const name = HOST.exec(ctx.get('host'))?.[1]?.toLowerCase();
    if (name === undefined || !(isLoopback(name) || allowed.includes(name.replace(/^\[(.*)\]$/, '$1')))) {
      throw new InvalidError(
        'The Host header names nothing that this API is known by; add the name to API_ALLOWED_HOSTS.',
        { code: 'unknown_host' },
      );
    }
    await next();
  };
}

/** Node takes the first of several and says nothing; a proxy before it may have looked at another. */
function hostsIn(rawHeaders: readonly string[]): number {
  let found = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') found += 1;
  }
  return found;
}

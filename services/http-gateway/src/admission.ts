import { UnavailableError } from '@oio/errors';
import type { Middleware } from './gateway-context.ts';

/** Refuses at once what comes on top of `limit` requests under way. Questions about health are always answered. */
export function admit(limit: number): Middleware {
  let inFlight = 0;
  return async (ctx, next) => {
    if (ctx.path.startsWith('/health/')) {
      await next();
      return;
    }
    if (inFlight >= limit)
      throw new UnavailableError('Too many requests at a time; try again shortly.', {
        code: 'overloaded',
        retryAfterMs: 1_000,
      });
    inFlight += 1;
    try {
      await next();
    } finally {
      inFlight -= 1;
    }
  };
}

import { randomUUID } from 'node:crypto';
import type { Logger } from '@oio/runtime';
import type { Middleware } from './gateway-context.ts';
import type { RefusalCounts } from './refusal-counts.ts';

const SANE_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Gives each request its correlation id, and writes one line about it once it is over; of many refused ones only of some.
 * No header, query or body is logged.
 */
export function logAccess(logger: Logger, refusals: RefusalCounts): Middleware {
  return async (ctx, next) => {
    const startedAt = performance.now();
    const given = ctx.get('x-correlation-id');
    ctx.state = {
      correlationId: SANE_ID.test(given) ? given : randomUUID(),
      route: null,
      principal: null,
      sessionId: null,
      refusal: null,
    };
    ctx.set('X-Correlation-Id', ctx.state.correlationId);
    ctx.res.once('close', () => {
      const { correlationId, route, principal, sessionId, refusal } = ctx.state;
      if (refusal && !refusals.admits({ route, code: refusal, tenant: principal?.tenant })) return;
      const durationMs = Math.round(performance.now() - startedAt);
      const complete = ctx.res.writableFinished;
      logger.info(
        {
          correlationId,
          route,
          method: ctx.method,
          status: ctx.res.statusCode,
          durationMs,
          complete,
          tenant: principal?.tenant,
          principal: principal?.id,
          sessionId,
        },
        'request',
      );
    });
    await next();
  };
}

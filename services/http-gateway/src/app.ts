import { type Route, type RouteName, routes } from '@oio/contracts';
import { InvalidError, NotFoundError } from '@oio/errors';
import type { Logger } from '@oio/runtime';
import Router from '@koa/router';
import Koa from 'koa';
import helmet from 'koa-helmet';
import { logAccess } from './access-log.ts';
import type { Context, GatewayState, Middleware } from './gateway-context.ts';
import { checkHost } from './host-check.ts';
import type { Limits } from './limits.ts';
import { isBug, toProblem } from './problems.ts';
import type { RefusalCounts } from './refusal-counts.ts';
import { type RouteParts, runRoute } from './run-route.ts';

export interface AppParts extends RouteParts {
  readonly logger: Logger;
  readonly limits: Limits;
  readonly allowedHosts: readonly string[];
  readonly refusals: RefusalCounts;
}

/** The HTTP API as a Koa app, apart from the process and its port. */
export function createApp(parts: AppParts): Koa<GatewayState> {
  const app = new Koa<GatewayState>();
  app.on('error', (error: unknown) => parts.logger.debug({ err: error }, 'response broke off'));
  app.use(logAccess(parts.logger, parts.refusals));
  app.use(answerProblems(parts.logger));
  app.use(securityHeaders());
  app.use(checkHost(parts.allowedHosts));
  app.use(mountRoutes(parts));
  app.use(refuseUnrouted);
  return app;
}

/** Every error leaves as problem+json; a bug is logged here, once, with its stack. */
function answerProblems(logger: Logger): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { correlationId, route } = ctx.state;
      if (isBug(error)) logger.error({ err: error, correlationId, route }, 'request failed by a bug');
      const { status, headers, body } = toProblem(error, correlationId);
      if (status < 500 || status === 503) ctx.state.refusal = body.code;
      ctx.status = status;
      ctx.set(headers);
      ctx.body = JSON.stringify(body);
      ctx.type = 'application/problem+json';
    }
  };
}

/** The API is spoken over plain HTTP on loopback or behind a proxy that ends TLS, so nothing may tell a browser to upgrade. */
function securityHeaders(): Middleware {
  const set = helmet({
    strictTransportSecurity: false,
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  }) as Middleware;
  // They are the same on every answer, so that helmet is asked for them once.
  let known: readonly (readonly [string, string])[] | null = null;
  return async (ctx, next) => {
    ctx.res.setHeader('Cache-Control', 'no-store');
    known ??= await headersSetBy(set, ctx);
    for (const [name, value] of known) ctx.res.setHeader(name, value);
    await next();
  };
}

async function headersSetBy(set: Middleware, ctx: Context): Promise<readonly (readonly [string, string])[]> {
  const before = new Set(ctx.res.getHeaderNames());
  await set(ctx, async () => {});
  const names = ctx.res.getHeaderNames().filter((name) => !before.has(name));
  return names.map((name) => [name, String(ctx.res.getHeader(name))] as const);
}

function mountRoutes(parts: AppParts): Middleware {
  const router = new Router<GatewayState>({ strict: true, sensitive: true });
  for (const [name, route] of Object.entries(routes) as [RouteName, Route][]) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router.register(path, [route.method], (ctx) => runRoute(ctx, ctx.params, name, parts));
  }
  return router.routes() as Middleware;
}

/** No route has taken it: the path is unknown, or the method is not one of those that the path has. */
const refuseUnrouted: Middleware = async (ctx) => {
  const { matched = [] } = ctx as { matched?: readonly { readonly methods: readonly string[] }[] };
  const allowed = [...new Set(matched.flatMap(({ methods }) => methods))].sort();
  if (allowed.length === 0)
    throw new NotFoundError('There is nothing at this path; /openapi.json lists what there is.', {
      code: 'no_such_route',
    });
  ctx.set('Allow', allowed.join(', '));
  throw new InvalidError(`This path takes ${allowed.join(', ')} only.`, {
    code: 'method_not_allowed',
    facts: { allowed },
  });
};

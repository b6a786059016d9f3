import { type RouteName, type Route, routes } from '@oio/contracts';
import { ForbiddenError, UnauthenticatedError } from '@oio/errors';
import type { Admission } from './admission.ts';
import { authenticate } from './bearer.ts';
import { withDeadline } from './deadline.ts';
import type { Context } from './gateway-context.ts';
import type { Limits } from './limits.ts';
import { type FurtherViolations, parseRequest } from './parse-request.ts';
import type { Authenticator, Principal } from './ports.ts';
import type { Answer, RouteHandler, RouteHandlers, RouteRequest } from './route-types.ts';

export interface RouteParts {
  readonly handlers: RouteHandlers;
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  readonly admission: Admission;
  /** By route, what to ask about a body that breaks its contract. */
  readonly further: { readonly [N in RouteName]?: (principal: Principal, correlationId: string) => FurtherViolations };
}

const OF_ONE_SESSION = '/v1/sessions/{id}';

/** One request to one route: who, what, the handler, the answer. */
export async function runRoute(
  ctx: Context,
  params: Readonly<Record<string, string>>,
  name: RouteName,
  parts: RouteParts,
): Promise<void> {
  const route: Route = routes[name];
  const { state } = ctx;
  state.route = name;
  const principal = await principalOf(ctx, route, parts.authenticator);
  state.principal = principal;
  const further = principal ? parts.further[name]?.(principal, state.correlationId) : undefined;
  const parsed = await parseRequest(ctx, params, route, parts.limits, further);
  if (route.path.startsWith(OF_ONE_SESSION)) state.sessionId = params['id'] ?? null;
  const { correlationId } = state;
  const handler: RouteHandler = parts.handlers[name];
  const found = await withDeadline(parts.limits.answerMs, (extend) => {
    const standAside = (): AbortSignal => {
      extend((parsed.headers.waitSeconds ?? 0) * 1_000);
      return parts.admission.standAside(ctx.req, ctx.res);
    };
    return handler({ ...parsed, route: name, principal, correlationId, standAside } as RouteRequest);
  });
  state.sessionId ??= found.sessionId ?? null;
  answer(ctx, route, found);
}

/** Null on a public route, unless the credentials are for what it has more to tell of. */
async function principalOf(ctx: Context, route: Route, authenticator: Authenticator): Promise<Principal | null> {
  const header = ctx.get('authorization');
  if (route.scope !== 'public') return authenticate(authenticator, header, route.scope);
  if (!route.moreFor || !header) return null;
  try {
    return await authenticate(authenticator, header, route.moreFor);
  } catch (error) {
    if (error instanceof UnauthenticatedError || error instanceof ForbiddenError) return null;
    throw error;
  }
}

function answer(ctx: Context, route: Route, { status, headers, body }: Answer): void {
  ctx.status = status ?? route.status;
  if (headers) ctx.set(headers);
  if (typeof body === 'function') takeOver(ctx, body);
  else if (typeof route.reply === 'string') ctx.body = body;
  else {
    ctx.body = JSON.stringify(body);
    ctx.type = 'application/json';
  }
}

/** An event stream writes to the response itself from here on, unless it throws at once. */
function takeOver(ctx: Context, stream: (response: Context['res']) => void): void {
  if (ctx.method === 'HEAD') {
    ctx.body = '';
    ctx.type = 'text/event-stream';
    return;
  }
  stream(ctx.res);
  ctx.respond = false;
}

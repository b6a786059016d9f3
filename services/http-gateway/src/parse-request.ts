import { type Route, type Violation, violationsOf } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import { z } from 'zod';
import type { Context } from './gateway-context.ts';
import type { Limits } from './limits.ts';
import { readJsonBody } from './read-json-body.ts';
import { parseHeaders } from './request-headers.ts';
import type { RouteRequest } from './route-types.ts';

export type ParsedRequest = Pick<RouteRequest, 'params' | 'query' | 'body' | 'rawBody' | 'headers'>;

/** Asked for what else is wrong with a body that breaks its contract, so that the client learns everything at once. */
export type FurtherViolations = (rawBody: unknown) => Promise<readonly Violation[]>;

/**
 * In the place of what a route of the API does not take: what comes all the same is refused, as any field that is not known.
 * Probes and scrapers may add to their addresses what they like.
 */
const NOTHING = z.strictObject({});

/** Everything of a request by the contracts of its route; throws `InvalidError` that names every violated field. */
export async function parseRequest(
  ctx: Context,
  params: unknown,
  route: Route,
  limits: Limits,
  further?: FurtherViolations,
): Promise<ParsedRequest> {
  const { query, body } = expected(route);
  const rawBody = body ? ((await readJsonBody(ctx.req, route.bodyBytes ?? limits.bodyBytes)) ?? {}) : undefined;
  const violations: Violation[] = [];
  if (body && !isObject(rawBody))
    throw new InvalidError('The request is not valid.', { violations: [noObject(rawBody)] });
  const part = (schema: z.ZodType | undefined, value: unknown): unknown => {
    const result = schema?.safeParse(value);
    if (result?.error) violations.push(...violationsOf(result.error));
    return result?.data;
  };
  const parsed = {
    params: part(route.params, params),
    query: part(query, query && { ...ctx.query }),
    headers: parseHeaders(ctx, route, violations),
    body: part(body, rawBody),
    rawBody,
  };
  if (violations.length === 0) return parsed as ParsedRequest;
  const others = further && isObject(rawBody) ? await further(rawBody) : [];
  throw new InvalidError('The request is not valid.', { violations: [...violations, ...others] });
}

function expected({ method, path, query, body }: Route): Pick<Route, 'query' | 'body'> {
  if (!path.startsWith('/v1/')) return { query, body };
  return { query: query ?? NOTHING, body: body ?? (method === 'GET' ? undefined : NOTHING) };
}

function noObject(rawBody: unknown): Violation {
  const came = Array.isArray(rawBody) ? 'a list' : `a ${typeof rawBody}`;
  return { field: '', code: 'invalid_type', message: `The body must be a JSON object; ${came} came.` };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

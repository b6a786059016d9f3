import { type Route, type Violation, violationsOf } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import type { z } from 'zod';
import type { Context } from './gateway-context.ts';
import type { Limits } from './limits.ts';
import { readJsonBody } from './read-json-body.ts';
import { parseHeaders } from './request-headers.ts';
import type { RouteRequest } from './route-types.ts';

export type ParsedRequest = Pick<RouteRequest, 'params' | 'query' | 'body' | 'rawBody' | 'headers'>;

/** Asked for what else is wrong with a body that breaks its contract, so that the client learns everything at once. */
export type FurtherViolations = (rawBody: unknown) => Promise<readonly Violation[]>;

/** Everything of a request by the contracts of its route; throws `InvalidError` that names every violated field. */
export async function parseRequest(
  ctx: Context,
  params: unknown,
  route: Route,
  limits: Limits,
  further?: FurtherViolations,
): Promise<ParsedRequest> {
  const rawBody = route.body ? ((await readJsonBody(ctx.req, limits)) ?? {}) : undefined;
  const violations: Violation[] = [];
  const part = (schema: z.ZodType | undefined, value: unknown): unknown => {
    const result = schema?.safeParse(value);
    if (result?.error) violations.push(...violationsOf(result.error));
    return result?.data;
  };
  const parsed = {
    params: part(route.params, params),
    query: part(route.query, route.query ? { ...ctx.query } : undefined),
    headers: parseHeaders(ctx, route, violations),
    body: part(route.body, rawBody),
    rawBody,
  };
  if (violations.length === 0) return parsed as ParsedRequest;
  const others = further && isObject(rawBody) ? await further(rawBody) : [];
  throw new InvalidError('The request is not valid.', { violations: [...violations, ...others] });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { LONGEST_WAIT_SECONDS, problem, type Route, routes, sessionStream } from '@oio/contracts';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject } from 'zod-openapi';

/** The API as OpenAPI 3.1, made from the routes once. */
export function openApiDocument(): OpenApiDocument {
  document ??= build();
  return document;
}

export type OpenApiDocument = ReturnType<typeof createDocument>;

let document: OpenApiDocument | undefined;

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The body cannot be read: it is not JSON, or not UTF-8.',
  401: 'No valid credentials.',
  403: 'The credentials lack the scope.',
  404: 'There is nothing of that id, or not in the tenant.',
  409: 'The present state does not allow it; `facts` says what it does. Or, with the code `unreadable_session`, what is stored of the session cannot be read; it is left as it is.',
  412: '`If-Match` names another version than the present one.',
  413: 'The body is larger than 256 KiB; for many sessions in one request, than 4 MiB.',
  415: 'The body is not uncompressed JSON.',
  422: 'A rule of the input is broken; every violated field is named. Or the Idempotency-Key was used for another request.',
  429: 'Too many event streams are open.',
  500: 'A bug; the log has it under the correlation id.',
  503: 'Something that is needed does not work at the moment; `Retry-After` says when to try again.',
  504: 'No answer came in time. Repeat it with the same Idempotency-Key, after `Retry-After`.',
};

const HEADERS = {
  idempotencyKey: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A request that is repeated with the same key has its effect once.'),
  ifMatch: z
    .string()
    .optional()
    .describe('The version that the session, or the schedule, must stand at, in quotes, as `ETag` tells it.'),
  prefer: z
    .string()
    .optional()
    .describe(
      `\`wait=<seconds>\`, at most ${LONGEST_WAIT_SECONDS}: the answer comes when the session has ended and no retry is due, or when the time is over, with the session as it is then (RFC 7240).`,
    ),
  lastEventId: z.string().optional().describe('Id of the last event that came; the stream goes on after it.'),
};

function build(): OpenApiDocument {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'OpenCode Industrial Orchestrator',
      version: '1.0.0',
      description:
        'Sessions of a coding agent: submit, watch, steer. Errors are problem+json (RFC 9457) with a stable `code`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'The API key of the installation.' } },
    },
  });
}

function operation(name: string, route: Route): ZodOpenApiOperationObject {
  return {
    operationId: name,
    summary: route.summary,
    ...(route.scope === 'public' && { security: route.moreFor ? [{}, { apiKey: [] }] : [] }),
    requestParams: {
      ...(route.params && { path: route.params }),
      ...(route.query && { query: route.query }),
      header: headersOf(route),
    },
    ...(route.body && {
      requestBody: { required: needsBody(route.body), content: { 'application/json': { schema: route.body } } },
    }),
    responses: {
      [String(route.status)]: success(name, route),
      ...problems(route),
      ...(name === 'ready' && { 503: { description: 'Not ready.', ...content(route.reply) } }),
    },
  };
}

function headersOf({ idempotent, waits, scope, params, reply }: Route): z.ZodObject {
  return z.object({
    ...(idempotent && { 'Idempotency-Key': HEADERS.idempotencyKey }),
    ...(waits && { Prefer: HEADERS.prefer }),
    ...(scope === 'write' && params && { 'If-Match': HEADERS.ifMatch }),
    ...(reply === 'text/event-stream' && { 'Last-Event-ID': HEADERS.lastEventId }),
  });
}

function success(name: string, route: Route) {
  const headers = { ...(route.idempotent && ORDER_HEADERS), ...(route.waits && WAIT_HEADERS) };
  const all = {
    ...headers,
    ...(LOCATED.has(name) && { Location: z.string().describe('Where what was made can be read.') }),
  };
  return {
    description: 'Success.',
    ...(Object.keys(all).length > 0 && { headers: z.object(all) }),
    ...content(route.reply),
  };
}

/** What makes something that has a place of its own. */
const LOCATED: ReadonlySet<string> = new Set(['createSession', 'forkSession']);

const ORDER_HEADERS = {
  ETag: z.string().describe('The version of the session, or the schedule, in quotes.'),
  'Idempotent-Replayed': z.literal('true').optional().describe('The request had its effect when it came before.'),
};

const WAIT_HEADERS = {
  'Preference-Applied': z
    .string()
    .optional()
    .describe('`wait=<seconds>` when the end was waited for; missing when too many requests wait already.'),
};

function content(reply: Route['reply']) {
  if (reply === null) return {};
  if (reply === 'text/event-stream')
    return {
      content: {
        [reply]: { schema: z.union(Object.values(sessionStream)).describe('Each message has one of these as data.') },
      },
    };
  if (typeof reply === 'string') return { content: { [reply]: { schema: z.string() } } };
  return { content: { 'application/json': { schema: reply } } };
}

function problems(route: Route) {
  return Object.fromEntries(
    statusesOf(route).map((status) => [
      String(status),
      { description: PROBLEMS[status] ?? '', content: { 'application/problem+json': { schema: problem } } },
    ]),
  );
}

/** What is answered from the snapshot of a session. */
const SESSION_PATH = /^\/v1\/sessions\/\{id\}(\/diff|\/metrics)?$/;

function statusesOf({ method, path, scope, params, query, body, reply }: Route): number[] {
  const changes = method !== 'GET';
  // Its snapshot may not be readable.
  const isOfSession = SESSION_PATH.test(path);
  const always = [500, 503];
  const cases: readonly [boolean, readonly number[]][] = [
    [scope !== 'public', [401, 403, 504]],
    [params !== undefined, [404]],
    [changes || isOfSession, [409]],
    [scope === 'write' && params !== undefined, [412]],
    [body !== undefined, [400, 413, 415]],
    [[params, query, body].some(Boolean), [422]],
    [reply === 'text/event-stream', [429]],
  ];
  return [...always, ...cases.flatMap(([applies, statuses]) => (applies ? statuses : []))];
}

function needsBody(body: z.ZodType): boolean {
  return !body.safeParse({}).success;
}

import { z } from 'zod';
import { approvalRoutes } from './approval-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { deadLetter, deadLetterSummary } from './dead-letters.ts';
import { boundedText, sessionId } from './fields.ts';
import { forkRoute } from './fork-route.ts';
import { acceptedGraph, newGraph } from './graphs.ts';
import { newSession } from './new-session.ts';
import { promptRoutes } from './prompt-routes.ts';
import { workspaceDiff } from './opencode.ts';
import { operatorRoutes } from './operator-routes.ts';
import { reasonCode } from './reason-codes.ts';
import { clientCommands } from './session-commands.ts';
import { storedSessionEvent } from './session-events.ts';
import { cursor, limit } from './paging.ts';
import { executionMetrics, sessionDetail, sessionView } from './session-view.ts';
import { checkpoint } from './usage.ts';
import { PRIORITIES, STATUSES } from './vocabulary.ts';
import { waiting } from './waiting.ts';

/** `operator`: for whoever runs the installation; what it shows belongs to any tenant. */
export type Scope = 'public' | 'read' | 'write' | 'operator';

/** One operation of the HTTP API. Handlers, the client and the OpenAPI document derive from it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As OpenAPI writes it: `/v1/sessions/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  /** Of a public route: the scope of those that are told more than others. */
  readonly moreFor?: Exclude<Scope, 'public'>;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** How large the body may be, in bytes; 256 KiB when missing. */
  readonly bodyBytes?: number;
  /** Whether `Idempotency-Key` is honoured. */
  readonly idempotent?: boolean;
  /** Whether `Prefer: wait=<seconds>` (RFC 7240) is honoured: the answer then comes when the session has ended, or in time. */
  readonly waits?: boolean;
  readonly status: number;
  /** Null: no body. A string: a body of that media type. */
  readonly reply: z.ZodType | string | null;
}

const byId = z.strictObject({ id: sessionId });
const byDeadLetterId = z.strictObject({ id: z.uuid({ error: 'id must be a UUID.' }).toLowerCase() });
const listQuery = z.strictObject({
  status: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(z.enum(STATUSES)))
    .optional()
    .describe('One or several states, separated by commas.'),
  priority: z.enum(PRIORITIES).optional(),
  parentId: sessionId.optional(),
  tag: boundedText('tag', 1, 100).optional(),
  limit,
  cursor,
});

const after = z.coerce
  .number({ error: 'after must be a whole number.' })
  .int('after must be a whole number.')
  .min(0, 'after must be at least 0.')
  .default(0)
  .describe('Only events with a greater sequence number.');
const afterQuery = z.strictObject({ after, limit: limit.default(200) });
const streamQuery = z.strictObject({
  after: after.describe('Only events with a greater sequence number; `Last-Event-ID` takes precedence.'),
});

function commandRoute<
  N extends Exclude<keyof typeof clientCommands, 'create' | 'delete' | 'answer' | 'prompt' | 'remove-prompt'>,
>(name: N) {
  return {
    method: 'POST',
    path: `/v1/sessions/{id}/${name}`,
    summary: clientCommands[name].summary,
    scope: 'write',
    params: byId,
    body: clientCommands[name].payload as (typeof clientCommands)[N]['payload'],
    idempotent: true,
    status: 200,
    reply: sessionView,
  } as const satisfies Route;
}

/** How something that the API depends on does. Only one that is not optional makes it not ready. */
const dependencyReport = z
  .object({
    name: z.string(),
    state: z.enum(['ok', 'degraded', 'down']),
    optional: z.boolean(),
    latencyMs: z.number().nullable(),
    detail: z.string(),
    figures: z.record(z.string(), z.number()),
  })
  .meta({ id: 'DependencyReport' });

export const routes = {
  createSession: {
    method: 'POST',
    path: '/v1/sessions',
    summary: 'Submit a session.',
    scope: 'write',
    body: newSession,
    idempotent: true,
    waits: true,
    status: 201,
    reply: sessionView,
  },
  createGraph: {
    method: 'POST',
    path: '/v1/graphs',
    summary: 'Submit sessions that depend on each other, all or none.',
    scope: 'write',
    body: newGraph,
    idempotent: true,
    status: 201,
    reply: acceptedGraph,
  },
  ...bulkRoutes,
  listSessions: {
    method: 'GET',
    path: '/v1/sessions',
    summary: 'List sessions, newest first.',
    scope: 'read',
    query: listQuery,
    status: 200,
    reply: z.object({ sessions: z.array(sessionView), nextCursor: z.string().nullable() }),
  },
  getSession: {
    method: 'GET',
    path: '/v1/sessions/{id}',
    summary: 'Read one session.',
    scope: 'read',
    params: byId,
    waits: true,
    status: 200,
    reply: sessionDetail,
  },
  getWaiting: {
    method: 'GET',
    path: '/v1/sessions/{id}/waiting',
    summary: 'Why a session waits: what keeps it, its place in the queue, when it is likely to start.',
    scope: 'read',
    params: byId,
    status: 200,
    reply: z.object({ waiting: waiting.nullable().describe('Null when it does not wait for a slot.') }),
  },
  startSession: commandRoute('start'),
  pauseSession: commandRoute('pause'),
  resumeSession: commandRoute('resume'),
  stopSession: commandRoute('stop'),
  cancelSession: commandRoute('cancel'),
  retrySession: commandRoute('retry'),
  checkpointSession: commandRoute('checkpoint'),
  revertSession: commandRoute('revert'),
  forkSession: forkRoute,
  ...promptRoutes,
  deleteSession: {
    method: 'DELETE',
    path: '/v1/sessions/{id}',
    summary: clientCommands.delete.summary,
    scope: 'write',
    params: byId,
    idempotent: true,
    status: 200,
    reply: sessionView,
  },
  getHistory: {
    method: 'GET',
    path: '/v1/sessions/{id}/events',
    summary: 'The history of a session, oldest first.',
    scope: 'read',
    params: byId,
    query: afterQuery,
    status: 200,
    reply: z.object({ events: z.array(storedSessionEvent), nextAfter: z.int().nullable() }),
  },
  getCheckpoints: {
    method: 'GET',
    path: '/v1/sessions/{id}/checkpoints',
    summary: 'The last 100 checkpoints, oldest first.',
    scope: 'read',
    params: byId,
    status: 200,
    reply: z.object({ checkpoints: z.array(checkpoint) }),
  },
  getDiff: {
    method: 'GET',
    path: '/v1/sessions/{id}/diff',
    summary: 'What the session has changed.',
    scope: 'read',
    params: byId,
    status: 200,
    reply: z.object({ diff: workspaceDiff.nullable() }),
  },
  getMetrics: {
    method: 'GET',
    path: '/v1/sessions/{id}/metrics',
    summary: 'The execution metrics of a session.',
    scope: 'read',
    params: byId,
    status: 200,
    reply: executionMetrics,
  },
  streamSession: {
    method: 'GET',
    path: '/v1/sessions/{id}/stream',
    summary:
      'The history of a session as it grows, and its live output, as server-sent events. `Last-Event-ID` resumes.',
    scope: 'read',
    params: byId,
    query: streamQuery,
    status: 200,
    reply: 'text/event-stream',
  },
  ...approvalRoutes,
  listDeadLetters: {
    method: 'GET',
    path: '/v1/dead-letters',
    summary: 'List messages on the bus that could not be used, newest first.',
    scope: 'operator',
    query: z.strictObject({ limit, cursor }),
    status: 200,
    reply: z.object({ deadLetters: z.array(deadLetterSummary), nextCursor: z.string().nullable() }),
  },
  getDeadLetter: {
    method: 'GET',
    path: '/v1/dead-letters/{id}',
    summary: 'Read one message that could not be used, with what it says.',
    scope: 'operator',
    params: byDeadLetterId,
    status: 200,
    reply: deadLetter,
  },
  replayDeadLetter: {
    method: 'POST',
    path: '/v1/dead-letters/{id}/replay',
    summary: 'Send a message that could not be used again; 409 when that cannot be done, with the reason.',
    scope: 'operator',
    params: byDeadLetterId,
    status: 200,
    reply: deadLetter,
  },
  listReasonCodes: {
    method: 'GET',
    path: '/v1/reason-codes',
    summary: 'Every reason why a session does not do or end well, and what follows from it.',
    scope: 'public',
    status: 200,
    reply: z.object({ reasonCodes: z.array(reasonCode) }),
  },
  ...operatorRoutes,
  live: {
    method: 'GET',
    path: '/health/live',
    summary: 'Whether the process works.',
    scope: 'public',
    status: 200,
    reply: z.object({ status: z.literal('live') }),
  },
  ready: {
    method: 'GET',
    path: '/health/ready',
    summary:
      'Whether requests can be met, 503 while not; for credentials with the scope read, how the things do that they need.',
    scope: 'public',
    moreFor: 'read',
    status: 200,
    reply: z.object({
      status: z.enum(['ready', 'degraded', 'not_ready']),
      dependencies: z
        .array(dependencyReport)
        .optional()
        .describe('Only for credentials with the scope read; any others are no error, but show no more than none.'),
    }),
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the Prometheus text format.',
    scope: 'read',
    status: 200,
    reply: 'text/plain',
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document.',
    scope: 'public',
    status: 200,
    reply: z.record(z.string(), z.json()),
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

/** The longest that a request waits for the end of a session, in seconds; more is taken as this. */
export const LONGEST_WAIT_SECONDS = 60;

import { z } from 'zod';
import { approvalRoutes } from './approval-routes.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { boundedText, sessionId } from './fields.ts';
import { forkRoute } from './fork-route.ts';
import { graphRoutes } from './graph-routes.ts';
import { newSession } from './new-session.ts';
import { promptRoutes } from './prompt-routes.ts';
import { workspaceDiff } from './opencode.ts';
import { operatorRoutes } from './operator-routes.ts';
import { processRoutes } from './process-routes.ts';
import { quotaRoutes } from './quota-routes.ts';
import { reasonCode } from './reason-codes.ts';
import type { Route } from './route.ts';
import { scheduleRoutes } from './schedule-routes.ts';
import { clientCommands } from './session-commands.ts';
import { storedSessionEvent } from './session-events.ts';
import { cursor, limit } from './paging.ts';
import { executionMetrics, sessionDetail, sessionView } from './session-view.ts';
import { checkpoint } from './usage.ts';
import { PRIORITIES, STATUSES } from './vocabulary.ts';
import { waiting } from './waiting.ts';

const byId = z.strictObject({ id: sessionId });
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
  ...graphRoutes,
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
  ...scheduleRoutes,
  ...deadLetterRoutes,
  listReasonCodes: {
    method: 'GET',
    path: '/v1/reason-codes',
    summary: 'Every reason why a session does not do or end well, and what follows from it.',
    scope: 'public',
    status: 200,
    reply: z.object({ reasonCodes: z.array(reasonCode) }),
  },
  ...operatorRoutes,
  ...quotaRoutes,
  ...processRoutes,
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

/** The longest that a request waits for the end of a session, in seconds; more is taken as this. */
export const LONGEST_WAIT_SECONDS = 60;

import { z } from 'zod';

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

/** What tells of the process that answers, and of the API itself. */
export const processRoutes = {
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
} as const;

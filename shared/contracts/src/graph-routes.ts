import { acceptedGraph, newGraph } from './graphs.ts';

/** Sessions that depend on each other. */
export const graphRoutes = {
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
} as const;

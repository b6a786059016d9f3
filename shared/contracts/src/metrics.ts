import { z } from 'zod';
import { requestContract } from './contract.ts';
import { executionMetrics } from './session-view.ts';

export const metricsExposition = requestContract({
  subject: 'metrics.exposition',
  summary: 'All metrics in the Prometheus text format.',
  payload: z.strictObject({}),
  reply: z.object({ contentType: z.string(), body: z.string() }),
});

export const sessionMetrics = requestContract({
  subject: 'metrics.session',
  summary: 'The execution metrics of one session.',
  payload: z.strictObject({ sessionId: z.string() }),
  reply: executionMetrics,
});

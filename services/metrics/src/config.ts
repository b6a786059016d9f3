import { z } from 'zod';

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Settings of the metrics service. */
export const metricsConfig = z.object({
  METRICS_REMEMBERED_SESSIONS: whole(50_000, 10, 10_000_000).describe(
    'Of how many sessions is kept in memory how they stand; of others it is read again with their next event.',
  ),
  METRICS_SAVE_SECONDS: whole(10, 1, 3_600).describe(
    'How often the totals are stored: so much of the history is counted again after a kill.',
  ),
  METRICS_RECOUNT_SECONDS: whole(60, 1, 86_400).describe(
    'How often the sessions by status are counted anew in the database.',
  ),
});
export type MetricsConfig = z.output<typeof metricsConfig>;

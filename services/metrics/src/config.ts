import { z } from 'zod';

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Settings of the metrics service. */
export const metricsConfig = z.object({
  METRICS_REMEMBERED_SESSIONS: whole(50_000, 10, 10_000_000).describe(
    'Of how many sessions the last event is kept in memory, to tell repeated events from new ones.',
  ),
  METRICS_RECOUNT_SECONDS: whole(60, 1, 86_400).describe(
    'How often the sessions by status are counted anew in the database.',
  ),
});
export type MetricsConfig = z.output<typeof metricsConfig>;

import { z } from 'zod';

const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Settings of the scheduler. Source of the limit: the domain specification, section 5. */
export const schedulerConfig = z.object({
  MAX_CONCURRENT_SESSIONS: whole(25, 1, 100_000).describe(
    'How many sessions may work at the same time, over all servers.',
  ),
  SCHEDULER_LEASE_MS: whole(3_000, 500, 60_000).describe(
    'How long the active scheduler may be silent before another one takes over.',
  ),
  SCHEDULER_SWEEP_MS: whole(1_000, 50, 60_000).describe('How often memory is compared with the database.'),
  SCHEDULER_QUEUE_HEAD: whole(1_000_000, 10, 10_000_000).describe(
    'How many waiting sessions are kept in memory; the rest waits in the database.',
  ),
  SCHEDULER_MAX_WAIT_SECONDS: whole(1_800, 1, 604_800).describe(
    'After how long a waiting session is overdue: of four dispatches at least one goes to the one that is overdue longest, whatever its priority.',
  ),
});
export type SchedulerConfig = z.output<typeof schedulerConfig>;

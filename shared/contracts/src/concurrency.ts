import { oneOf } from './fields.ts';

export const ON_CONFLICT = ['queue', 'cancel_oldest', 'reject'] as const;

/** What becomes of a submission, and of the others, when its concurrency key is in use. */
export const onConflict = oneOf('onConflict', ON_CONFLICT)
  .optional()
  .describe(
    'When as many sessions with the concurrencyKey have not ended as may work at the same time: `queue` (the default) behind them; `cancel_oldest`: end the oldest of them as soon as this one is queued; `reject` this one.',
  );

import { z } from 'zod';

const seconds = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Settings of the session-actor. Source of the defaults: the domain specification, section 5. */
export const sessionActorConfig = z.object({
  SESSION_TIMEOUT_SECONDS: seconds(3_600, 60, 86_400).describe(
    'How long a session may run when it does not say so itself.',
  ),
  CHECKPOINT_INTERVAL_SECONDS: seconds(300, 5, 86_400).describe(
    'The longest time between two checkpoints of a running session.',
  ),
  APPROVAL_SECONDS: seconds(900, 10, 86_400).describe(
    'How long a person has to answer what an agent asks, when the session does not say so itself.',
  ),
  MAX_RETRY_ATTEMPTS: z.coerce
    .number()
    .int()
    .min(0)
    .max(100)
    .default(3)
    .describe('How often a session may be retried.'),
});
export type SessionActorConfig = z.output<typeof sessionActorConfig>;

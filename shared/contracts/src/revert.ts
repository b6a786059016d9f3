import { z } from 'zod';
import { failure, resumePoint } from './usage.ts';

/** Which checkpoint somebody means. */
export const checkpointNumber = z
  .int({ error: 'checkpoint must be a whole number.' })
  .min(1, 'checkpoint must be at least 1.')
  .describe('The sequence number of one of the kept checkpoints.');

/** How taking a session back to a checkpoint does, or ended. */
export const revertInUse = z.object({
  checkpoint: z.int().min(1),
  state: z.enum(['under_way', 'done', 'failed']),
  /** Why it was not done. */
  failure: failure.nullable(),
});
export type RevertInUse = z.output<typeof revertInUse>;

/** What came of an order to take a session back. `requested` says which order. */
export const revertOutcome = z.object({
  requested: z.int().min(1),
  conversation: resumePoint.pick({ openCodeSessionId: true, lastMessageId: true }).nullable(),
  failure: failure.nullable(),
});

export const revertEventData = {
  /** The `tries`th time. The checkpoint is in it, because old ones are forgotten. */
  'session.revert-requested': z.object({ checkpoint: z.int().min(1), resume: resumePoint, tries: z.int().min(1) }),
  'session.reverted': z.object({ checkpoint: z.int().min(1) }),
  'session.revert-failed': z.object({ checkpoint: z.int().min(1), failure }),
} as const;

import { z } from 'zod';
import { sessionOutput } from './opencode.ts';
import { storedSessionEvent } from './session-events.ts';

/**
 * What comes over `streamSession`, by the name of the server-sent event. `history` carries its sequence number as id;
 * `output` is live, without an id, and lost when nobody listens; `end` is the last message of a stream that the server closes.
 */
export const sessionStream = {
  history: storedSessionEvent,
  output: sessionOutput.payload,
  end: z.object({
    reason: z.enum(['deleted', 'slow_reader', 'shutdown']),
    resumeAfter: z.int().min(0).describe('Sequence number of the last event that was sent.'),
  }),
} as const;
export type StreamEnd = z.output<typeof sessionStream.end>;

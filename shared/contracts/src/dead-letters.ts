import { z } from 'zod';

/** A message on the bus that could not be used, without what it says. */
export const deadLetterSummary = z
  .object({
    id: z.string(),
    subject: z.string().describe('Where it was sent to.'),
    consumer: z.string().describe('Who could not use it.'),
    reason: z.string().describe('`malformed`, `oversized`, `foreign`, `future_version` or `unprocessable`.'),
    detail: z.string(),
    encoding: z.enum(['text', 'base64']),
    truncated: z.boolean().describe('Whether only its first 64 KiB were kept; such a one cannot be replayed.'),
    receivedAt: z.iso.datetime(),
    replayedAt: z.iso.datetime().nullable().describe('When it was last sent again.'),
  })
  .meta({ id: 'DeadLetterSummary' });

export const deadLetter = deadLetterSummary
  .extend({ payload: z.string().describe('The body as it came; base64 where it is no text.') })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.output<typeof deadLetter>;

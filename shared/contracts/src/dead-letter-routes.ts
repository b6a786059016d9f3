import { z } from 'zod';
import { deadLetter, deadLetterSummary } from './dead-letters.ts';
import { cursor, limit } from './paging.ts';

const byDeadLetterId = z.strictObject({ id: z.uuid({ error: 'id must be a UUID.' }).toLowerCase() });

/** Messages that nobody could use. */
export const deadLetterRoutes = {
  listDeadLetters: {
    method: 'GET',
    path: '/v1/dead-letters',
    summary: 'List messages on the bus that could not be used, newest first.',
    scope: 'operator',
    query: z.strictObject({ limit, cursor }),
    status: 200,
    reply: z.object({ deadLetters: z.array(deadLetterSummary), nextCursor: z.string().nullable() }),
  },
  getDeadLetter: {
    method: 'GET',
    path: '/v1/dead-letters/{id}',
    summary: 'Read one message that could not be used, with what it says.',
    scope: 'operator',
    params: byDeadLetterId,
    status: 200,
    reply: deadLetter,
  },
  replayDeadLetter: {
    method: 'POST',
    path: '/v1/dead-letters/{id}/replay',
    summary: 'Send a message that could not be used again; 409 when that cannot be done, with the reason.',
    scope: 'operator',
    params: byDeadLetterId,
    status: 200,
    reply: deadLetter,
  },
} as const;

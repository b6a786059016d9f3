import { z } from 'zod';
import { requestContract } from './contract.ts';
import { came } from './excerpt.ts';
import { boundedText, oneOf, sessionId } from './fields.ts';
import { listOfSessions, newSession } from './new-session.ts';
import { violation } from './opencode.ts';
import { PRIORITIES, STATUSES } from './vocabulary.ts';

/** The most sessions of one order. */
export const MOST_AT_ONCE = 1_000;

/** Sessions that have nothing to do with each other, in one request. */
export const newSessions = z
  .strictObject({ sessions: listOfSessions(newSession, MOST_AT_ONCE) })
  .meta({ id: 'NewSessions' });
export type NewSessionsInput = z.input<typeof newSessions>;

const refusal = {
  code: z.string(),
  message: z.string(),
  again: z.boolean().describe('Whether the same request, under the same Idempotency-Key, may do it later.'),
};

/** What became of each. */
export const submittedSessions = z
  .object({
    accepted: z.array(z.object({ index: z.int(), id: z.string(), status: z.enum(STATUSES) })),
    refused: z.array(z.object({ index: z.int(), ...refusal, violations: z.array(violation) })),
  })
  .meta({ id: 'SubmittedSessions' });
export type SubmittedSessions = z.output<typeof submittedSessions>;

/** Answered by any session-actor. Safe to repeat: the id of the command that makes a session is the envelope's with the index behind it. */
export const createSessions = requestContract({
  subject: 'session.create-many',
  summary: 'Accept many sessions, each for itself.',
  payload: z.strictObject({
    sessions: z.array(z.strictObject({ index: z.int().min(0), id: z.string(), session: newSession })).min(1),
  }),
  reply: submittedSessions,
});

export const BULK_ORDERS = ['pause', 'resume', 'stop', 'cancel', 'retry'] as const;
export type BulkOrderName = (typeof BULK_ORDERS)[number];

const filter = z
  .strictObject({
    status: z
      .array(oneOf('status', STATUSES), { error: (issue) => `status must be a list of states; ${came(issue.input)}.` })
      .min(1)
      .optional(),
    priority: oneOf('priority', PRIORITIES).optional(),
    parentId: sessionId.optional(),
    tag: boundedText('tag', 1, 100).optional(),
    all: z.literal(true, { error: 'all must be true, or missing.' }).optional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'filter must say which sessions; {"all": true} says all.');

/** One order to many sessions. */
export const bulkOrder = z
  .strictObject({
    order: oneOf('order', BULK_ORDERS),
    filter: filter.describe(
      'Of the sessions older than the order all that this holds for and whose state allows the order.',
    ),
  })
  .meta({ id: 'BulkOrder' });
export type BulkOrderInput = z.input<typeof bulkOrder>;

export const bulkOutcome = z
  .object({
    done: z.array(z.object({ id: z.string(), status: z.enum(STATUSES) })),
    refused: z.array(z.object({ id: z.string(), ...refusal })),
    more: z.boolean().describe('Others are left: the same request, under the same Idempotency-Key, goes on with them.'),
  })
  .meta({ id: 'BulkOutcome' });
export type BulkOutcome = z.output<typeof bulkOutcome>;

import { z } from 'zod';
import { requestContract } from './contract.ts';
import { knownSessionId } from './fields.ts';
import { LIMIT_SCOPES } from './limits.ts';
import { quota } from './quotas.ts';
import { STATUSES } from './vocabulary.ts';

const limitNamed = { scope: z.enum(LIMIT_SCOPES), name: z.string() };

const quotaFacts = quota.pick({
  provider: true,
  model: true,
  resetAt: true,
  closedBy: true,
  said: true,
  shortened: true,
}).shape;

/** What keeps a session waiting. Ids of other sessions are told within a tenant only. */
const waitingReason = z.discriminatedUnion('reason', [
  z.object({
    reason: z.literal('limit'),
    ...limitNamed,
    limit: z.int(),
    used: z.int(),
    heldBy: z.array(z.string()).describe('Some of the sessions of this tenant that count for the limit now.'),
  }),
  z.object({ reason: z.literal('rate'), ...limitNamed, waitMs: z.number() }),
  z
    .object({
      reason: z.literal('quota'),
      ...quotaFacts,
      isReopening: z.boolean().describe('Its time is over; sessions are let through one by one until it answers.'),
      waitMs: z.number().describe('In how long the next session with this model may start, as far as is known.'),
    })
    .describe('Its model is closed: by its provider, or by an operator.'),
  z.object({ reason: z.literal('directory_busy'), directory: z.string(), heldBy: z.string().nullable() }),
  z.object({
    reason: z.literal('no_server'),
    serverId: z.string().nullable().describe('The server that it must go back to; null for any.'),
    detail: z.enum(['none_healthy', 'none_accepting', 'all_full']),
    waitMs: z.number().nullable(),
  }),
  z.object({
    reason: z.literal('dependency'),
    waitsFor: z
      .array(z.object({ session: z.string(), status: z.enum(STATUSES) }))
      .describe('Those it depends on that have not ended, or are to be retried; with none left it is released next.'),
  }),
  z.object({ reason: z.literal('time'), until: z.iso.datetime() }).describe('It is not queued before.'),
  z
    .object({ reason: z.literal('last_turn'), serverId: z.string().nullable() })
    .describe('It was retried before its last turn, on that server, was shown to have ended.'),
  z.object({ reason: z.literal('turn') }).describe('Nothing but its turn: it is dispatched next.'),
]);
export type WaitingReason = z.output<typeof waitingReason>;

/** Why a session waits, by the decision of the active scheduler. */
export const waiting = z
  .object({
    because: waitingReason,
    position: z
      .int()
      .min(1)
      .nullable()
      .describe(
        'How many would run before it, itself included, if every one could run now; null while it has no place in the queue.',
      ),
    waitingSince: z.iso.datetime(),
    estimatedStart: z.iso
      .datetime()
      .nullable()
      .describe(
        'By its position and how fast sessions have started lately; null when nothing has, or a limit lets none start.',
      ),
  })
  .meta({ id: 'Waiting' });
export type Waiting = z.output<typeof waiting>;

export const explainWaiting = requestContract({
  subject: 'scheduler.explain',
  summary: 'Why a session waits. Answered by the active scheduler; null when the session does not wait.',
  payload: z.object({ sessionId: knownSessionId }),
  reply: z.object({ waiting: waiting.nullable() }),
});

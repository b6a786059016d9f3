import { z } from 'zod';
import { liveContract } from './contract.ts';
import { knownSessionId } from './fields.ts';
import { eventEnvelope } from './session-events.ts';

/** The id of a worker's life. */
const incarnation = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be letters, digits, _ and -');

/**
 * Announced by whoever committed, once for many commits: the relay that publishes the history looks at once, and who is in
 * a hurry need not wait for it. Of the events that are too large to be told here only the place in the history is.
 */
export const historyGrown = liveContract({
  subject: 'history.grown',
  summary: 'These events were committed; they are published as well, a little later and for sure.',
  payload: z.object({
    /** The worker that committed them. */
    owner: incarnation,
    events: z.array(
      z.object({ ...eventEnvelope, sessionId: knownSessionId, type: z.string(), data: z.looseObject({}) }),
    ),
    larger: z.array(z.object({ sessionId: knownSessionId, tenant: z.string(), seq: z.int().min(1) })),
  }),
});
export type HistoryGrown = z.output<typeof historyGrown.payload>;

/** Announced by a worker that stops, and by the scheduler of one that it finds dead: what it owned may be claimed at once. */
export const workerEnded = liveContract({
  subject: 'worker.ended',
  summary: 'A worker has given up all its sessions.',
  payload: z.object({ incarnation }),
});

/** Announced by every worker about once a second: a router chooses among those that it hears. */
export const workerAnnounced = liveContract({
  subject: 'worker.announced',
  summary: 'A worker is there and takes commands.',
  payload: z.object({ incarnation }),
});

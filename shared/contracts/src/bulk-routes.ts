import { bulkOrder, bulkOutcome, MOST_AT_ONCE, newSessions, submittedSessions } from './bulk.ts';

/** The operations on many sessions at once. */
export const bulkRoutes = {
  submitSessions: {
    method: 'POST',
    path: '/v1/sessions/batch',
    summary: `Submit up to ${MOST_AT_ONCE} sessions, each for itself: what became of each is in the answer.`,
    scope: 'write',
    body: newSessions,
    bodyBytes: 4_194_304,
    idempotent: true,
    status: 200,
    reply: submittedSessions,
  },
  orderSessions: {
    method: 'POST',
    path: '/v1/sessions/orders',
    summary: `Pause, resume, stop, cancel or retry up to ${MOST_AT_ONCE} sessions by a filter.`,
    scope: 'write',
    body: bulkOrder,
    idempotent: true,
    status: 200,
    reply: bulkOutcome,
  },
} as const;

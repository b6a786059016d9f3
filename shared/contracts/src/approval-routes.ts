import { z } from 'zod';
import { APPROVAL_STATUSES, approval, approvalAnswer, approvalId } from './approvals.ts';
import { sessionId } from './fields.ts';
import { cursor, limit } from './paging.ts';

const byApprovalId = z.strictObject({ id: approvalId });
const approvalQuery = z.strictObject({
  status: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(z.enum(APPROVAL_STATUSES)))
    .optional()
    .describe('One or several of pending, answered, expired and withdrawn, separated by commas.'),
  limit,
  cursor,
});
const approvalPage = z.object({ approvals: z.array(approval), nextCursor: z.string().nullable() });

/** What people are asked by agents, and their answers. */
export const approvalRoutes = {
  listApprovals: {
    method: 'GET',
    path: '/v1/approvals',
    summary: 'List what agents have asked for, newest first.',
    scope: 'read',
    query: approvalQuery.extend({ sessionId: sessionId.optional() }),
    status: 200,
    reply: approvalPage,
  },
  listSessionApprovals: {
    method: 'GET',
    path: '/v1/sessions/{id}/approvals',
    summary: 'List what the agents of a session have asked for, newest first.',
    scope: 'read',
    params: z.strictObject({ id: sessionId }),
    query: approvalQuery,
    status: 200,
    reply: approvalPage,
  },
  getApproval: {
    method: 'GET',
    path: '/v1/approvals/{id}',
    summary: 'Read one thing that an agent has asked for.',
    scope: 'read',
    params: byApprovalId,
    status: 200,
    reply: approval,
  },
  answerApproval: {
    method: 'POST',
    path: '/v1/approvals/{id}/answer',
    summary: 'Allow once, deny with a message, or answer a question; 409 when it is closed.',
    scope: 'write',
    params: byApprovalId,
    body: approvalAnswer,
    idempotent: true,
    status: 200,
    reply: approval,
  },
} as const;

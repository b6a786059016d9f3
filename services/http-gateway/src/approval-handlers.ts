import type { Approval, ApprovalStatus } from '@oio/contracts';
import { ConflictError, NotFoundError } from '@oio/errors';
import type { Admission } from './admission.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { ApprovalFilter, ApprovalList, Principal, SessionReader } from './ports.ts';
import { standingOf } from './read-handlers.ts';
import type { RouteHandlers } from './route-types.ts';
import { sessionAnswer } from './session-answer.ts';
import { type CommandParts, commandSession } from './session-commands.ts';

export type ApprovalParts = CommandParts & {
  readonly approvals: ApprovalList;
  readonly reader: SessionReader;
  readonly admission: Admission;
};

type Names = 'listApprovals' | 'listSessionApprovals' | 'getApproval' | 'answerApproval';

interface Listing {
  readonly principal: Principal;
  readonly query: {
    readonly status?: ApprovalStatus[] | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  };
}

/** What agents wait for, and the answers of people. */
export function createApprovalHandlers(parts: ApprovalParts): Pick<RouteHandlers, Names> {
  const { approvals, reader, admission } = parts;
  const page = async ({ principal: { tenant }, query }: Listing, sessionId?: string) => {
    const { cursor, limit, status } = query;
    const filter: ApprovalFilter = { status, sessionId };
    const scope = { tenant, filter: { approvals: filter } };
    const before = cursor === undefined ? null : decodeCursor(cursor, scope);
    const found = await approvals.list(tenant, filter, { before, limit: limit + 1 });
    const shown = found.slice(0, limit);
    const last = found.length > limit ? shown.at(-1) : undefined;
    return { body: { approvals: shown, nextCursor: last ? encodeCursor(last.id, scope) : null } };
  };
  return {
    listApprovals: (request) => page(request, request.query.sessionId),
    async listSessionApprovals(request) {
      await standingOf(reader, request.principal.tenant, request.params.id);
      return page(request, request.params.id);
    },
    getApproval: async ({ params: { id }, principal: { tenant } }) => ({
      body: await approvalOf(approvals, tenant, id),
    }),
    async answerApproval(request) {
      const { params, body, principal } = request;
      const found = await approvalOf(approvals, principal.tenant, params.id);
      const order = { ...request, body: { approvalId: params.id, answer: body } };
      const outcome = await admission
        .order(() => commandSession(parts, 'answer', found.sessionId, order))
        .catch((error: unknown) => saidWhy(parts, error, { tenant: principal.tenant, id: params.id }));
      const { headers } = sessionAnswer(outcome);
      return { headers, body: await approvalOf(approvals, principal.tenant, params.id) };
    },
  };
}

/** The same for an id that is unknown, or another tenant's. */
async function approvalOf(approvals: ApprovalList, tenant: string, id: string): Promise<Approval> {
  const found = await approvals.get(tenant, id);
  if (found) return found;
  throw new NotFoundError('There is no such approval.', { code: 'approval_not_found' });
}

/** The session knows only what waits; how it was closed stands in its record. */
async function saidWhy(
  { approvals }: ApprovalParts,
  error: unknown,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<never> {
  if (!(error instanceof ConflictError) || error.code !== 'approval_closed') throw error;
  const { status, closedAt, answeredBy, detail } = await approvalOf(approvals, tenant, id);
  if (status === 'pending') throw error;
  const by = answeredBy?.kind === 'principal' ? ` by ${answeredBy.id}` : '';
  const message = `It was ${status === 'expired' ? 'given its default' : `${status}${by}`} at ${closedAt}${detail ? `: ${detail}` : '.'}`;
  throw new ConflictError(message, { code: 'approval_closed', facts: { status, closedAt, answeredBy } });
}

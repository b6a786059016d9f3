import { revertSession } from '@oio/contracts';
import { attemptToken, failureOf, type SessionSnapshot } from '@oio/domain';
import { AppError, CancelledError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import type { GatewayRouter, SessionRouter } from '@oio/ownership';
import type { Fences } from './fences.ts';

/** Shorter than the time after which it is ordered again. */
const TIMEOUT_MS = 8_000;

export interface RevertOrderParts {
  readonly router: SessionRouter;
  readonly gateways: GatewayRouter;
  readonly fences: Fences;
}

/**
 * Has a session taken back as its last order says, and tells its owner how that ended. Throws what trying again may help:
 * the timer of the order does so; and `CancelledError` when a later order has taken the place of this one.
 */
export async function orderRevert(
  { router, gateways, fences }: RevertOrderParts,
  session: SessionSnapshot,
): Promise<void> {
  const { id, tenant, revert, attempt, workspace } = session;
  const authority = fences.next(id);
  const commit = revert?.resume.fileSnapshot;
  if (!revert || !attempt || !workspace || !commit || !authority) return;
  const { openCodeSessionId, lastMessageId } = revert.resume;
  const order = {
    ...authority,
    sessionId: id,
    token: attemptToken(attempt),
    serverId: attempt.serverId,
    title: session.session.title,
    permissions: [...session.session.permissions],
    workspace,
    commit,
    openCodeSessionId: openCodeSessionId ?? attempt.openCodeSessionId,
    lastMessageId,
  };
  const envelope = { ...serviceEnvelope('session-actor', { tenant }), sessionId: id };
  const { requested } = revert;
  const options = { serverId: attempt.serverId, timeoutMs: TIMEOUT_MS };
  const outcome = await gateways.request(revertSession, order, envelope, options).then(
    (conversation) => ({ requested, conversation, failure: null }),
    (error: unknown) => ({ requested, conversation: null, failure: failureOfRefusal(error) }),
  );
  await router.send('revert-ended', outcome, envelope);
}

/** Throws what may pass, and that a later order has taken the place of this one: that one tells the end. */
function failureOfRefusal(error: unknown) {
  if (!(error instanceof AppError) || error.retryable || error instanceof CancelledError) throw error;
  return failureOf('workspace_failed', error.message);
}

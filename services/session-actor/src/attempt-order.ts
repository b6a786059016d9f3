import type { AttemptOrder } from '@oio/contracts';
import { attemptToken, firstPrompt, presentPrompt, type SessionSnapshot, toldUpTo } from '@oio/domain';

/** What an order is given under: the owner's epoch, and which of its orders it is. */
export type Authority = Pick<AttemptOrder, 'epoch' | 'fence'>;

/** All that an opencode-gateway needs to know. */
export function attemptOrder(snapshot: SessionSnapshot, { epoch, fence }: Authority, owner: string): AttemptOrder {
  const { attempt, session, checkpoints } = snapshot;
  if (!attempt) throw new Error(`Session ${snapshot.id} works without an attempt.`);
  const further = presentPrompt(snapshot);
  return {
    sessionId: snapshot.id,
    tenant: snapshot.tenant,
    token: attemptToken(attempt),
    owner,
    epoch,
    fence,
    attempt: attempt.number,
    run: attempt.run,
    serverId: attempt.serverId,
    messageId: attempt.messageId,
    title: session.title,
    type: session.type,
    prompt: further?.prompt ?? firstPrompt(snapshot),
    ...(further && { earlier: toldUpTo(snapshot, (further.attempt ?? attempt.number) - 1) }),
    agent: session.agent,
    agentConfig: session.agentConfig,
    model: session.model,
    permissions: [...session.permissions],
    place: snapshot.place,
    prepared: attempt.openCodeSessionId !== null,
    lastStepId: attempt.lastStepId,
    counted: attempt.counted,
    limits: limitsOf(session),
    resume: checkpoints.last?.resume ?? null,
    forkedFrom: snapshot.forkedFrom,
    previousFailure: previousFailure(snapshot),
  };
}

function limitsOf({ cpuLimit, memoryLimitMb }: SessionSnapshot['session']): AttemptOrder['limits'] {
  return cpuLimit === null && memoryLimitMb === null ? null : { cpuLimit, memoryLimitMb };
}

/** Why the attempt before this one ended: the newest failure that the checkpoints' attempt left, told to the agent. */
function previousFailure(snapshot: SessionSnapshot): string | null {
  const { revert, attempt } = snapshot;
  if (revert?.state === 'done' && attempt?.number === revert.attempt + 1)
    return `somebody took the work back to checkpoint ${revert.checkpoint}. Files and conversation are as they were then.`;
  return isRetry(snapshot)
    ? (snapshot.lastFailure?.message ?? 'The attempt before this one did not come to its end.')
    : null;
}

/** Whether another attempt has worked on the prompt before. */
function isRetry(snapshot: SessionSnapshot): boolean {
  const first = presentPrompt(snapshot)?.attempt ?? 1;
  return snapshot.attempt !== null && snapshot.attempt.number > first;
}

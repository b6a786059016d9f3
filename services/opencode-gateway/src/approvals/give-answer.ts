import type { Approval, ApprovalAnswer } from '@oio/contracts';
import type { PermissionRequest, QuestionRequest } from '../agent-server/requests.ts';
import type { AgentServer } from '../ports.ts';
import type { Request } from './asked-of.ts';

/**
 * Tells OpenCode the answer of a record. False when it no longer waited for one: somebody else has told it, or the turn is over.
 * Telling it twice changes nothing.
 */
export function giveAnswer(agent: AgentServer, asking: Request, { answer }: Approval): Promise<boolean> {
  const given = answer ?? NO;
  return asking.kind === 'permission'
    ? answerPermission(agent, asking.request, given)
    : answerQuestion(agent, asking.request, given);
}

const NO: ApprovalAnswer = { action: 'deny' };

function answerPermission(agent: AgentServer, request: PermissionRequest, given: ApprovalAnswer): Promise<boolean> {
  const { requestId, directory } = request;
  if (given.action === 'allow') return agent.replyPermission({ requestId, directory, reply: 'once' });
  const message = given.action === 'deny' && given.message ? { message: given.message } : {};
  return agent.replyPermission({ requestId, directory, reply: 'reject', ...message });
}

/** Only an answer lets the turn go on, so that a message is given as one. */
function answerQuestion(agent: AgentServer, request: QuestionRequest, given: ApprovalAnswer): Promise<boolean> {
  const { requestId, directory, questions } = request;
  if (given.action === 'answer') return agent.replyQuestion({ requestId, directory, answers: given.answers });
  const { message } = given.action === 'deny' ? given : {};
  if (message === undefined) return agent.rejectQuestion({ requestId, directory });
  return agent.replyQuestion({ requestId, directory, answers: questions.map(() => [message]) });
}

import type { Logger } from '@oio/runtime';
import type { AgentEvent, AgentServer, PermissionRequest } from './ports.ts';
import type { ServerLink } from './server-link.ts';

const REFUSAL =
  'Nobody is here to allow this. Find a way that does not need it, or say in your answer what is missing.';

/** Answers what turns would otherwise wait for without end: permissions are refused with a reason, questions dismissed. */
export async function answerUnattended(link: ServerLink, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await link.waitUntilUp(signal);
    const agent = link.agent();
    for await (const event of agent.events({ signal, filter: isRequest })) {
      await answer(agent, event, logger).catch((error: unknown) =>
        logger.warn({ err: error }, 'request of an agent not answered'),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function isRequest(event: AgentEvent): boolean {
  return event.type === 'permission_asked' || event.type === 'question_asked';
}

async function answer(agent: AgentServer, event: AgentEvent, logger: Logger): Promise<void> {
  if (event.type === 'permission_asked') await refuse(agent, event.request, logger);
  if (event.type === 'question_asked') {
    const { requestId, directory } = event.request;
    await agent.rejectQuestion({ requestId, directory });
    logger.info({ openCodeSessionId: event.sessionId }, 'question of an agent dismissed');
  }
}

async function refuse(
  agent: AgentServer,
  { requestId, directory, sessionId, permission }: PermissionRequest,
  logger: Logger,
): Promise<void> {
  await agent.replyPermission({ requestId, directory, reply: 'reject', message: REFUSAL });
  logger.info({ openCodeSessionId: sessionId, permission }, 'permission refused');
}

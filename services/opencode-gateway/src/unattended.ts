import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@oio/runtime';
import { ourSessionIn } from './attempts/open-session.ts';
import type { AgentEvent, AgentServer, PermissionRequest, QuestionRequest, SessionRef } from './ports.ts';
import type { ServerLink } from './server-link.ts';

const PAUSE_MS = 250;
const REFUSAL =
  'Nobody is here to allow this. Find a way that does not need it, or say in your answer what is missing.';

export interface UnattendedParts {
  readonly link: ServerLink;
  /** Whether the turns of this session of ours are followed here; those of others are not our business. */
  readonly follows: (sessionId: string) => boolean;
  readonly logger: Logger;
}

/** Answers what turns would otherwise wait for without end: permissions are refused with a reason, questions dismissed. */
export async function answerUnattended(parts: UnattendedParts, signal: AbortSignal): Promise<void> {
  const { link, logger } = parts;
  while (!signal.aborted) {
    await link.waitUntilUp(signal);
    const agent = link.agent();
    for await (const event of agent.events({ signal, filter: isRequest })) {
      await guarded(answer(parts, agent, event), logger);
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}

/** The same for what was asked in a directory before somebody listened. */
export async function answerPending(agent: AgentServer, directory: string, logger: Logger): Promise<void> {
  const answerAll = async (): Promise<void> => {
    for (const request of await agent.pendingPermissions(directory)) await refuse(agent, request, logger);
    for (const request of await agent.pendingQuestions(directory)) await dismiss(agent, request, logger);
  };
  await guarded(answerAll(), logger);
}

function isRequest(event: AgentEvent): boolean {
  return event.type === 'permission_asked' || event.type === 'question_asked';
}

async function answer({ follows, logger }: UnattendedParts, agent: AgentServer, event: AgentEvent): Promise<void> {
  if (event.type !== 'permission_asked' && event.type !== 'question_asked') return;
  const sessionId = await ourSessionOf(agent, event.request);
  if (sessionId === null || !follows(sessionId)) return;
  if (event.type === 'permission_asked') await refuse(agent, event.request, logger);
  else await dismiss(agent, event.request, logger);
}

/** The session of ours behind one of OpenCode's, which may be a sub-session of a sub-session. */
async function ourSessionOf(agent: AgentServer, ref: SessionRef): Promise<string | null> {
  let session = await agent.getSession(ref);
  while (session?.parentId) session = await agent.getSession({ ...ref, sessionId: session.parentId });
  return session && ourSessionIn(session);
}

async function guarded(answering: Promise<void>, logger: Logger): Promise<void> {
  await answering.catch((error: unknown) => logger.warn({ err: error }, 'request of an agent not answered'));
}

async function dismiss(
  agent: AgentServer,
  { requestId, directory, sessionId }: QuestionRequest,
  logger: Logger,
): Promise<void> {
  await agent.rejectQuestion({ requestId, directory });
  logger.info({ openCodeSessionId: sessionId }, 'question of an agent dismissed');
}

async function refuse(
  agent: AgentServer,
  { requestId, directory, sessionId, permission }: PermissionRequest,
  logger: Logger,
): Promise<void> {
  await agent.replyPermission({ requestId, directory, reply: 'reject', message: REFUSAL });
  logger.info({ openCodeSessionId: sessionId, permission }, 'permission refused');
}

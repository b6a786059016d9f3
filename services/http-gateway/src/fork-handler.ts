import { type NewFork, newSession } from '@oio/contracts';
import type { SessionSnapshot } from '@oio/domain';
import type { RouteHandlers } from './route-types.ts';
import { sessionAnswer } from './session-answer.ts';
import { noSuchSession, submitSession } from './session-commands.ts';
import type { SubmitParts } from './submit-handler.ts';

const TITLE_CHARACTERS = 200;

/** Submits a session that goes on from a checkpoint of another one. */
export function createForkHandler(parts: SubmitParts): Pick<RouteHandlers, 'forkSession'> {
  return {
    async forkSession(request) {
      const { params, principal, body } = request;
      const source = await parts.reader.session(principal.tenant, params.id);
      if (!source) throw noSuchSession();
      const fork = { sessionId: source.id, checkpoint: body.checkpoint };
      const submission = { ...request, body: { ...likeSource(source, body), fork } };
      const accepted = await parts.admission.order(() => submitSession(parts, submission, () => {}));
      const { headers, body: session } = sessionAnswer(accepted);
      return { headers: { ...headers, Location: `/v1/sessions/${session.id}` }, body: session };
    },
  };
}

/** What is not asked for is as it is with the source. It is a session of its own, neither child nor parent. */
function likeSource({ session, place }: SessionSnapshot, { checkpoint, ...asked }: NewFork) {
  const { type, priority, agentConfig, agent, model, maxDurationSeconds, cpuLimit, memoryLimitMb, tags, metadata } =
    session;
  const kept = {
    type,
    priority,
    agentConfig,
    agent,
    model,
    maxDurationSeconds,
    cpuLimit,
    memoryLimitMb,
    tags,
    metadata,
  };
  const title = [...`Checkpoint ${checkpoint} of: ${session.title}`].slice(0, TITLE_CHARACTERS).join('');
  return newSession.parse({ title, ...kept, directory: place.directory, workspace: 'worktree', ...asked });
}

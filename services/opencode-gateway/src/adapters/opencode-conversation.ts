import type { SessionCommandData, SessionRevertData, SessionShellData } from '@opencode-ai/sdk/v2/types';
import { z } from 'zod';
import type { ConversationCalls, FileChange } from '../agent-server/conversation-calls.ts';
import type { OpencodeHttp } from './opencode-http.ts';
import { wireMessage } from './opencode-messages.ts';
import { promptBody } from './opencode-prompt.ts';
import { sessionPath, wireSession } from './opencode-session.ts';

const LARGE = 128 * 2 ** 20;
/** Files are put back one by one. */
const REVERT_MS = 60_000;

/** The calls that OpenCode answers when it is done. */
export function createConversationCalls(http: OpencodeHttp): ConversationCalls {
  const answer = { schema: wireMessage, maxBytes: LARGE };
  return {
    promptAndWait(prompt, answerWithinMs) {
      const body = promptBody(prompt, prompt.text);
      return http.post({ ...sessionPath(prompt, '/message'), ...answer, body, answerWithinMs });
    },
    command({ agent, model, messageId, name, text, ...session }, answerWithinMs) {
      const modelName = `${model.providerId}/${model.modelId}`;
      const body = { agent, model: modelName, messageID: messageId, command: name, arguments: text };
      body satisfies SessionCommandData['body'];
      return http.post({ ...sessionPath(session, '/command'), ...answer, body, answerWithinMs });
    },
    shell({ agent, model, line, ...session }, answerWithinMs) {
      const body = { agent, model: { providerID: model.providerId, modelID: model.modelId }, command: line };
      body satisfies SessionShellData['body'];
      return http.post({ ...sessionPath(session, '/shell'), ...answer, body, answerWithinMs });
    },
    diff(session, messageId) {
      const query = { messageID: messageId };
      return http.get({ ...sessionPath(session, '/diff'), query, schema: z.array(wireChange), maxBytes: LARGE });
    },
    revert(session, messageId) {
      const body = { messageID: messageId } satisfies SessionRevertData['body'];
      return http.post({ ...sessionPath(session, '/revert'), body, schema: wireSession, answerWithinMs: REVERT_MS });
    },
  };
}

const wireChange = z
  .object({
    file: z.string(),
    patch: z.string().default(''),
    additions: z.number(),
    deletions: z.number(),
    status: z.enum(['added', 'deleted', 'modified']).default('modified'),
  })
  .transform(({ file, ...change }): FileChange => ({ path: file, ...change }));

import type { Admission } from './admission.ts';
import type { RouteHandlers } from './route-types.ts';
import { sessionAnswer } from './session-answer.ts';
import { type CommandParts, commandSession } from './session-commands.ts';

export type PromptParts = CommandParts & { readonly admission: Admission };

/** Further prompts to a session. */
export function createPromptHandlers(parts: PromptParts): Pick<RouteHandlers, 'queuePrompt' | 'removePrompt'> {
  const { admission } = parts;
  return {
    async queuePrompt(request) {
      const { id } = request.params;
      const outcome = await admission.order(() => commandSession(parts, 'prompt', id, request));
      const { headers, body: session } = sessionAnswer(outcome);
      // A prompt has the id of the command that queued it.
      const { commandId: promptId } = outcome;
      return {
        headers: { ...headers, Location: `/v1/sessions/${id}/prompts/${promptId}` },
        body: { promptId, session },
      };
    },
    async removePrompt(request) {
      const { id, promptId } = request.params;
      const order = { ...request, body: { promptId } };
      return sessionAnswer(await admission.order(() => commandSession(parts, 'remove-prompt', id, order)));
    },
  };
}

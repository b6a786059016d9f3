import type { Admission } from './admission.ts';
import { PreferredWait, type WaitParts } from './preferred-wait.ts';
import type { RouteHandlers } from './route-types.ts';
import { sessionAnswer } from './session-answer.ts';
import { type CommandParts, submitSession } from './session-commands.ts';
import { viewOf } from './session-views.ts';

export type SubmitParts = CommandParts & WaitParts & { readonly admission: Admission };

/** Submits a session, and waits for its end where that is preferred. */
export function createSubmitHandler(parts: SubmitParts): Pick<RouteHandlers, 'createSession'> {
  return {
    async createSession(request) {
      using wait = new PreferredWait(parts, request);
      const accepted = await parts.admission.order(() => submitSession(parts, request, (id) => wait.begin(id)));
      const later = await wait.outcome(accepted.session);
      const session = later ? viewOf(later, parts.clock.now()) : accepted.session;
      const { headers, body } = sessionAnswer({ ...accepted, session });
      const located = { ...headers, ...wait.headers, Location: `/v1/sessions/${body.id}` };
      return { headers: located, sessionId: body.id, body };
    },
  };
}

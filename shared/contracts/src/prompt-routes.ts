import { z } from 'zod';
import { sessionId } from './fields.ts';
import { newPrompt, promptId } from './prompts.ts';
import { sessionView } from './session-view.ts';

/** Further prompts to a session. */
export const promptRoutes = {
  queuePrompt: {
    method: 'POST',
    path: '/v1/sessions/{id}/prompts',
    summary:
      'Queue a further prompt: once the turns before it have ended well, the session goes on with it in the same conversation and workspace. 409 for a session that has ended.',
    scope: 'write',
    params: z.strictObject({ id: sessionId }),
    body: newPrompt,
    idempotent: true,
    status: 201,
    reply: z.object({ promptId: z.string(), session: sessionView }),
  },
  removePrompt: {
    method: 'DELETE',
    path: '/v1/sessions/{id}/prompts/{promptId}',
    summary: 'Take a prompt that still waits out of the queue; 409 when it does not.',
    scope: 'write',
    params: z.strictObject({ id: sessionId, promptId }),
    idempotent: true,
    status: 200,
    reply: sessionView,
  },
} as const;

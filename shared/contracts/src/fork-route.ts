import { z } from 'zod';
import { sessionId } from './fields.ts';
import { newFork } from './fork.ts';
import { sessionView } from './session-view.ts';

/** Of the HTTP API. */
export const forkRoute = {
  method: 'POST',
  path: '/v1/sessions/{id}/fork',
  summary:
    'Submit a session that goes on from a checkpoint of this one, in a worktree and on a branch of its own. This one is left as it is, also while it runs.',
  scope: 'write',
  params: z.strictObject({ id: sessionId }),
  body: newFork,
  idempotent: true,
  status: 201,
  reply: sessionView,
} as const;

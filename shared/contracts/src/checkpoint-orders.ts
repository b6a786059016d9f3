import { z } from 'zod';
import { requestContract } from './contract.ts';
import { workspaceInUse } from './new-session.ts';
import { attemptOrder } from './opencode.ts';
import { resumePoint } from './usage.ts';

/** Addressed to `gateway.<id>` of one that was heard of lately, or to `server.<id>`. */
export const snapshotWorkspace = requestContract({
  subject: 'workspace.snapshot',
  summary: 'Keep the files of a session as they are now. Repeating it gives the same commit while they do not change.',
  payload: z.object({ sessionId: z.string(), workspace: workspaceInUse }),
  /** Null where there is no git. */
  reply: z.object({ commit: z.string().nullable() }),
});

/** Addressed like `workspace.snapshot`. */
export const revertSession = requestContract({
  subject: 'workspace.revert',
  summary:
    'Take the files and the conversation of a session that does not run back to a checkpoint. It may be repeated.',
  payload: attemptOrder
    .pick({ sessionId: true, token: true, epoch: true, fence: true, serverId: true, title: true, permissions: true })
    .extend({
      workspace: workspaceInUse,
      /** The files of the checkpoint. */
      commit: z.string(),
      openCodeSessionId: resumePoint.shape.openCodeSessionId,
      lastMessageId: resumePoint.shape.lastMessageId,
    }),
  /** The conversation that the session goes on in. */
  reply: resumePoint.pick({ openCodeSessionId: true, lastMessageId: true }),
});

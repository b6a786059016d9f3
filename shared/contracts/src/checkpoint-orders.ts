import { z } from 'zod';
import { requestContract } from './contract.ts';
import { workspaceInUse } from './new-session.ts';

/** Addressed to `gateway.<id>` of one that was heard of lately, or to `server.<id>`. */
export const snapshotWorkspace = requestContract({
  subject: 'workspace.snapshot',
  summary: 'Keep the files of a session as they are now. Repeating it gives the same commit while they do not change.',
  payload: z.object({ sessionId: z.string(), workspace: workspaceInUse }),
  /** Null where there is no git. */
  reply: z.object({ commit: z.string().nullable() }),
});

import { z } from 'zod';
import type { AgentSession, SessionRef } from '../agent-server/sessions.ts';

/** Where something of a session is asked: its path, and the directory that it belongs to. */
export function sessionPath({ sessionId, directory }: SessionRef, rest = '') {
  return { path: `/session/${encodeURIComponent(sessionId)}${rest}`, directory };
}

export const wireSession = z
  .object({
    id: z.string().min(1),
    title: z.string(),
    directory: z.string(),
    parentID: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    time: z.object({ created: z.number() }),
  })
  .transform(
    ({ id, title, directory, parentID, metadata, time }): AgentSession => ({
      id,
      title,
      directory,
      parentId: parentID ?? null,
      metadata: metadata ?? {},
      createdAtMs: time.created,
    }),
  );

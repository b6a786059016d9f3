import { z } from 'zod';
import { agentName, metadata, modelName, oneOf, prompt, sessionId, tags, title } from './fields.ts';
import { newSession } from './new-session.ts';
import { checkpointNumber } from './revert.ts';
import { resumePoint } from './usage.ts';
import { PRIORITIES } from './vocabulary.ts';

/** What a client submits to go on from a checkpoint of a session in another one. What is missing is as it is there. */
export const newFork = z.strictObject({
  checkpoint: checkpointNumber,
  prompt: prompt.describe('The task of the new session, 1–10,000 characters.'),
  id: newSession.shape.id,
  title: title.optional().describe('That of the source and the number of the checkpoint when missing.'),
  priority: oneOf('priority', PRIORITIES).optional(),
  agent: agentName.optional(),
  model: modelName.optional(),
  tags: tags.optional(),
  metadata: metadata.optional(),
  start: z.boolean({ error: 'start must be true or false.' }).default(true),
});
export type NewFork = z.output<typeof newFork>;

/** Which checkpoint of which session a new one goes on from. */
export const forkPoint = z.object({ sessionId, checkpoint: checkpointNumber });

/** The same with what is needed to go on from there, as it stood when the session was accepted. */
export const forkedFrom = forkPoint.extend({
  /** Where the source works; null when it never did. */
  directory: z.string().nullable(),
  /** The task of the source. */
  prompt: z.string(),
  openCodeSessionId: resumePoint.shape.openCodeSessionId,
  lastMessageId: resumePoint.shape.lastMessageId,
  todos: resumePoint.shape.todos,
});
export type ForkedFrom = z.output<typeof forkedFrom>;

import { z } from 'zod';
import { reportedText } from './json.ts';
import { count, tokenUsage } from './usage.ts';

/** What calls of models took together. Calls that were broken off, so that nobody knows what they took, are not in it. */
export const modelUsage = z.object({
  tokens: tokenUsage,
  costUsd: z.number().min(0),
  apiCalls: count.describe('Calls that were answered or refused.'),
  apiErrors: count.describe('Those of them that failed; OpenCode repeats most by itself.'),
});
export type ModelUsage = z.output<typeof modelUsage>;

/**
 * What one message of an agent took that is no step of the session's own conversation: a step of a sub-agent, or a call that
 * was refused. Messages of a conversation are counted in the order of their ids, each once.
 */
export const modelCall = modelUsage.extend({
  openCodeSessionId: z.string(),
  messageId: z.string(),
  model: reportedText.nullable().describe('provider/model, as OpenCode says it.'),
});
export type ModelCall = z.output<typeof modelCall>;

/** What an opencode-gateway tells of model calls; those that are counted already change nothing. */
export const reportUsage = z.object({ token: z.string(), calls: z.array(modelCall).min(1).max(500) });

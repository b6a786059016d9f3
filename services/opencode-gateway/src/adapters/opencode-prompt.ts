import type { SessionPromptAsyncData } from '@opencode-ai/sdk/v2/types';
import type { Prompt } from '../agent-server/sessions.ts';

/** A prompt as it is posted; with null for its text it makes a stored one run, and says nothing. */
export function promptBody(prompt: Omit<Prompt, 'text'>, text: string | null) {
  const { messageId, agent, model, system, tools } = prompt;
  return {
    messageID: messageId,
    agent,
    // Of a new session it is `id` instead of `modelID`.
    model: { providerID: model.providerId, modelID: model.modelId },
    ...(system !== undefined && { system }),
    ...(tools && { tools: { ...tools } }),
    parts: text === null ? [] : [{ type: 'text' as const, text }],
  } satisfies SessionPromptAsyncData['body'];
}

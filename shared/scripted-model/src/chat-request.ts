import { z } from 'zod';

const content = z
  .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() })), z.null()])
  .default(null)
  .transform((value) => (typeof value === 'string' ? value : (value ?? []).map((part) => part.text ?? '').join('\n')));

const assistantToolCall = z.looseObject({
  id: z.string(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.enum(['system', 'developer']), content }),
  z.looseObject({ role: z.literal('user'), content }),
  z.looseObject({ role: z.literal('assistant'), content, tool_calls: z.array(assistantToolCall).default([]) }),
  z.looseObject({ role: z.literal('tool'), content, tool_call_id: z.string() }),
]);

/** The part of a chat completion request that a script can depend on; the rest is ignored, as a provider would. */
export const chatRequest = z.looseObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).default([]),
  stream: z.boolean().default(false),
});
export type ChatRequest = z.output<typeof chatRequest>;
export type ChatMessage = ChatRequest['messages'][number];

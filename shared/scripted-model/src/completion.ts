import type { ChatRequest } from './chat-request.ts';
import type { Answer } from './script.ts';

/** An answer with everything that the protocol wants to know about it besides. */
export interface Completion {
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
  readonly reasoning: string;
  readonly text: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly input: string }[];
  readonly finishReason: string;
  readonly usage: Usage;
}

/** Token counts in the spelling of the OpenAI API. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

/** Builds the completion of a request. Same request, same completion, but for the time of day. */
export function completionOf(request: ChatRequest, answer: Answer): Completion {
  const { reasoning = '', text = '', toolCalls = [] } = answer;
  // The conversation only grows, so its length makes the ids of a repeated step differ from those of the first try.
  const position = request.messages.length;
  const calls = toolCalls.map(({ name, input }, index) => ({
    id: `call_${position}_${index}`,
    name,
    input: JSON.stringify(input),
  }));
  return {
    id: `chatcmpl-${position}`,
    model: request.model,
    createdSeconds: Math.floor(Date.now() / 1000),
    reasoning,
    text,
    toolCalls: calls,
    finishReason: answer.finishReason ?? (calls.length > 0 ? 'tool_calls' : 'stop'),
    usage: claiming(
      answer.promptTokens,
      usageOf(request, reasoning, text + calls.map((call) => call.name + call.input).join('')),
    ),
  };
}

/** The completion as one JSON body, for a client that does not stream. */
export function completionBody(completion: Completion): object {
  const { id, model, createdSeconds: created, text, reasoning, toolCalls, finishReason, usage } = completion;
  const message = {
    role: 'assistant',
    content: text,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(toolCallBody) }),
  };
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, finish_reason: finishReason }],
    usage,
  };
}

function toolCallBody({ id, name, input }: Completion['toolCalls'][number]): object {
  return { id, type: 'function', function: { name, arguments: input } };
}

function claiming(promptTokens: number | undefined, usage: Usage): Usage {
  if (promptTokens === undefined) return usage;
  return { ...usage, prompt_tokens: promptTokens, total_tokens: promptTokens + usage.completion_tokens };
}

function usageOf(request: ChatRequest, reasoning: string, output: string): Usage {
  const promptTokens = tokensOf(request.messages) + tokensOf(request.tools);
  const reasoningTokens = tokensOf(reasoning);
  const completionTokens = tokensOf(output) + reasoningTokens;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokensOf(request) },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}

/** What the call before this one had sent already, in the blocks of 128 tokens in which providers cache. */
function cachedTokensOf({ messages, tools }: ChatRequest): number {
  const lastAnswer = messages.findLastIndex((message) => message.role === 'assistant');
  if (lastAnswer < 0) return 0;
  const seen = tokensOf(tools) + tokensOf(messages.slice(0, lastAnswer));
  return seen - (seen % 128);
}

/** The usual estimate of four characters a token. */
function tokensOf(value: unknown): number {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Math.ceil(text.length / 4);
}

import type { ScriptedModel } from '../src/index.ts';

/** A message of a chat completion request, as loosely as clients send them. */
export type ChatMessage = Readonly<Record<string, unknown>>;

const AGENT_TOOLS = [{ type: 'function', function: { name: 'bash', parameters: {} } }];

/** Asks the model as an agent does: with tools, and with a stream unless said otherwise. */
export function ask(model: ScriptedModel, messages: readonly ChatMessage[], more: ChatMessage = {}): Promise<Response> {
  return post(model, JSON.stringify({ model: 'demo', messages, tools: AGENT_TOOLS, stream: true, ...more }));
}

export function post(model: ScriptedModel, body: string, apiKey = model.apiKey): Promise<Response> {
  return fetch(`${model.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'x-session-id': 'ses_1' },
    body,
  });
}

export interface Heard {
  readonly text: string;
  readonly reasoning: string;
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly finishReason: string | null;
  readonly usage: Usage | null;
  /** How many events the answer came in. */
  readonly events: number;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details: { readonly cached_tokens: number };
  readonly completion_tokens_details: { readonly reasoning_tokens: number };
}

interface Chunk {
  readonly choices: readonly { readonly delta: Delta; readonly finish_reason: string | null }[];
  readonly usage?: Usage;
}

interface Delta {
  readonly content?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

/** Puts the deltas of a streamed answer together again. */
export async function hear(response: Response): Promise<Heard> {
  const chunks = (await response.text())
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)) as Chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const deltas = choices.map((choice) => choice.delta);
  return {
    text: deltas.map((delta) => delta.content ?? '').join(''),
    reasoning: deltas.map((delta) => delta.reasoning_content ?? '').join(''),
    toolCalls: joinToolCalls(deltas),
    finishReason: choices.findLast((choice) => choice.finish_reason)?.finish_reason ?? null,
    usage: chunks.at(-1)?.usage ?? null,
    events: chunks.length,
  };
}

function joinToolCalls(deltas: readonly Delta[]): Heard['toolCalls'] {
  const pieces = deltas.flatMap((delta) => delta.tool_calls ?? []);
  const first = pieces.filter((piece) => piece.id !== undefined);
  return first.map(({ index, id = '', function: { name = '' } }) => {
    const input = pieces.filter((piece) => piece.index === index).map((piece) => piece.function.arguments);
    return { id, name, input: JSON.parse(input.join('')) as unknown };
  });
}

export const user = (content: string): ChatMessage => ({ role: 'user', content });

/** An assistant message with one tool call. */
export const called = (id: string, name: string): ChatMessage => ({
  role: 'assistant',
  content: '',
  tool_calls: [{ id, type: 'function', function: { name, arguments: '{}' } }],
});

export const result = (id: string, content: string): ChatMessage => ({ role: 'tool', tool_call_id: id, content });

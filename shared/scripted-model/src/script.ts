import type { Conversation } from './conversation.ts';
import type { Gate } from './gate.ts';

/** What the model says in one conversation. The first script that matches answers. */
export interface Script {
  readonly name: string;
  readonly matches: (conversation: Conversation) => boolean;
  /**
   * One step per model call, from each user message on anew. Which one is next follows from the steps that the
   * conversation shows as finished, so that a turn that is resumed after a crash goes on where it was.
   */
  readonly steps: readonly Step[];
}

/** An answer, a fault, or the choice between them by what the tools said. */
export type Step = Reply | ((conversation: Conversation) => Reply);
export type Reply = Answer | { readonly fault: Fault };

/** What the model says. With tool calls the agent goes on; without them the turn ends. */
export interface Answer {
  readonly reasoning?: string;
  readonly text?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** Given only to say something else than the answer shows: `length` for one that was cut off. */
  readonly finishReason?: 'length' | 'content_filter';
  /** Claimed in place of what the request has, in tokens. */
  readonly promptTokens?: number;
}

export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** How a provider can misbehave. With `after` the fault strikes in mid-stream, after this text; without it, at once. */
export type Fault =
  | {
      readonly kind: 'http_error';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'connection_reset'; readonly after?: string }
  /** Nothing more comes until the gate is released; then the answer follows. */
  | { readonly kind: 'stall'; readonly gate: Gate; readonly after?: string; readonly answer: Answer }
  /** The same for ever, until the client leaves. */
  | { readonly kind: 'silence'; readonly after?: string }
  /** One word after the other, with pauses in between. */
  | { readonly kind: 'drip'; readonly everyMs: number; readonly pieces: number }
  | { readonly kind: 'malformed_json'; readonly after?: string }
  /** 200 and a web page, as from a proxy in between. */
  | { readonly kind: 'html' }
  /** A stream that ends without an answer and without a reason. OpenCode asks again at once, for ever. */
  | { readonly kind: 'empty_stream' };

/** A matcher: some prompt of the conversation contains this text. */
export function promptIncludes(text: string): (conversation: Conversation) => boolean {
  return ({ prompts }) => prompts.some((prompt) => prompt.includes(text));
}

/** The error object of the OpenAI API as a fault. */
export function httpError(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): { readonly fault: Fault } {
  return {
    fault: {
      kind: 'http_error',
      status,
      headers,
      body: { error: { message, type: 'provider_error', param: null, code: null } },
    },
  };
}

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the model says to one request. */
export type ModelReply =
  | { readonly text: string; readonly finish?: string }
  | ToolCall
  /** Several at once. */
  | { readonly tools: readonly ToolCall[] }
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  /** Streams `text`, then stays open until the client leaves or `release()` is called, and finishes. */
  | { readonly hold: string }
  /** Begins a stream on which nothing comes. */
  | { readonly silent: true }
  /** A piece each second, so many times. */
  | { readonly drip: number }
  /** A stream that ends without any choice. */
  | { readonly empty: true };

interface ToolCall {
  readonly tool: string;
  readonly args: Record<string, unknown>;
}

export interface ModelRequest {
  readonly messages: readonly { readonly role: string; readonly content?: unknown; readonly tool_calls?: unknown }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

export interface FakeModel extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  /** Lets every held answer finish. */
  release(): void;
}

/** A small OpenAI-compatible endpoint: `script` decides what to say from the request and its number (from 1). */
export async function startFakeModel(
  script: (request: ModelRequest, number: number) => ModelReply,
): Promise<FakeModel> {
  const requests: ModelRequest[] = [];
  const held = new Set<() => void>();
  const server = createServer((incoming, response) => {
    void readJson(incoming).then((request) => {
      requests.push(request);
      answer(response, script(request, requests.length), held);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    release: () => {
      for (const finishIt of held) finishIt();
      held.clear();
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function readJson(incoming: IncomingMessage): Promise<ModelRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as ModelRequest;
}

function answer(response: ServerResponse, reply: ModelReply, held: Set<() => void>): void {
  if ('status' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(JSON.stringify(reply.body ?? { error: { message: `scripted ${reply.status}` } }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if ('silent' in reply) return response.flushHeaders();
  if ('drip' in reply) return drip(response, reply.drip);
  if ('empty' in reply) return end(response);
  if ('tool' in reply || 'tools' in reply) return callTools(response, 'tools' in reply ? reply.tools : [reply]);
  speak(response, reply, held);
}

function speak(
  response: ServerResponse,
  reply: Extract<ModelReply, { text: string } | { hold: string }>,
  held: Set<() => void>,
): void {
  const text = 'hold' in reply ? reply.hold : reply.text;
  say(response, { role: 'assistant', content: text });
  if ('hold' in reply) held.add(() => finish(response, 'stop'));
  else finish(response, reply.finish ?? 'stop');
}

function callTools(response: ServerResponse, calls: readonly ToolCall[]): void {
  for (const [index, { tool, args }] of calls.entries()) {
    const call = { index, id: `call_${Date.now()}_${Math.random().toString(36).slice(2)}`, type: 'function' };
    const details = { name: tool, arguments: JSON.stringify(args) };
    say(response, { role: 'assistant', tool_calls: [{ ...call, function: details }] });
  }
  finish(response, 'tool_calls');
}

function drip(response: ServerResponse, left: number): void {
  if (left === 0 || response.destroyed) return finish(response, 'stop');
  say(response, { role: 'assistant', content: 'drop ' });
  setTimeout(() => drip(response, left - 1), 1_000);
}

function say(response: ServerResponse, delta: object, finishReason: string | null = null): void {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  response.write(
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`,
  );
}

function finish(response: ServerResponse, reason: string): void {
  if (response.destroyed) return;
  say(response, {}, reason);
  const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
  response.write(
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`,
  );
  end(response);
}

function end(response: ServerResponse): void {
  response.end('data: [DONE]\n\n');
}

import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Completion } from './completion.ts';

/** Where an answer goes: the signal fires when the client leaves. */
export interface Channel {
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly tokenDelayMs: number;
}

/**
 * A streamed completion: server-sent events with a few characters each, as a real model sends them. The headers go out
 * with the first of them.
 */
export class CompletionStream {
  readonly #channel: Channel;
  readonly #completion: Completion;

  constructor(channel: Channel, completion: Completion) {
    this.#channel = channel;
    this.#completion = completion;
  }

  /** Everything that the model says, up to the usage and the end mark. */
  async finish(): Promise<void> {
    const { reasoning, text, toolCalls, finishReason, usage } = this.#completion;
    await this.#speak('reasoning_content', reasoning);
    await this.say(text);
    for (const [index, call] of toolCalls.entries()) await this.#callTool(index, call);
    this.#send({ choices: [{ index: 0, delta: {}, finish_reason: finishReason }] });
    this.#send({ choices: [], usage });
    this.end();
  }

  async say(text: string): Promise<void> {
    await this.#speak('content', text);
  }

  /** One event that is no JSON, and the end. */
  breakOff(): void {
    this.#write('{"choices":[{"delta":');
    this.#channel.response.end();
  }

  end(): void {
    this.#write('[DONE]');
    this.#channel.response.end();
  }

  async #speak(field: 'content' | 'reasoning_content', text: string): Promise<void> {
    for (const word of text.match(/\S+\s*|\s+/g) ?? []) await this.#delta({ [field]: word });
  }

  async #callTool(index: number, { id, name, input }: Completion['toolCalls'][number]): Promise<void> {
    await this.#delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] });
    for (const piece of input.match(/.{1,48}/gs) ?? []) {
      await this.#delta({ tool_calls: [{ index, function: { arguments: piece } }] });
    }
  }

  async #delta(delta: object): Promise<void> {
    const { signal, tokenDelayMs } = this.#channel;
    signal.throwIfAborted();
    if (tokenDelayMs > 0) await sleep(tokenDelayMs, undefined, { signal });
    this.#send({ choices: [{ index: 0, delta: { role: 'assistant', ...delta }, finish_reason: null }] });
  }

  #send(part: object): void {
    const { id, model, createdSeconds: created } = this.#completion;
    this.#write(JSON.stringify({ id, object: 'chat.completion.chunk', created, model, ...part }));
  }

  #write(data: string): void {
    const { response } = this.#channel;
    if (!response.headersSent)
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`data: ${data}\n\n`);
  }
}

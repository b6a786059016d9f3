import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Completion } from './completion.ts';

/** Where an answer goes: the signal fires when the client leaves. */
export interface Channel {
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly tokenDelayMs: number;
}

/** The body of a streamed completion: server-sent events with a few characters each, as a real model sends them. */
export class CompletionStream {
  readonly #channel: Channel;
  readonly #completion: Completion;

  constructor(channel: Channel, completion: Completion) {
    this.#channel = channel;
    this.#completion = completion;
    channel.response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
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
    this.#channel.response.end('data: {"choices":[{"delta":\n\n');
  }

  end(): void {
    this.#channel.response.end('data: [DONE]\n\n');
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
    const chunk = { id, object: 'chat.completion.chunk', created, model, ...part };
    this.#channel.response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ChatRequest } from './chat-request.ts';
import { completionBody, completionOf } from './completion.ts';
import { type Channel, CompletionStream } from './completion-stream.ts';
import { sendJson } from './http-responses.ts';
import type { Answer, Fault, Reply } from './script.ts';

/** Sends an answer, streamed or whole as the request wants it, or commits a fault. */
export async function deliverReply(channel: Channel, request: ChatRequest, reply: Reply): Promise<void> {
  if ('fault' in reply) return commitFault(channel, request, reply.fault);
  if (request.stream) return new CompletionStream(channel, completionOf(request, reply)).finish();
  sendJson(channel.response, 200, completionBody(completionOf(request, reply)));
}

async function commitFault(channel: Channel, request: ChatRequest, fault: Fault): Promise<void> {
  switch (fault.kind) {
    case 'http_error':
      return sendJson(channel.response, fault.status, fault.body, fault.headers);
    case 'connection_reset':
      await begin(channel, request, fault.after);
      channel.response.socket?.resetAndDestroy();
      return;
    case 'stall':
      return stall(channel, request, fault);
    case 'silence':
      await begin(channel, request, fault.after);
      return;
    case 'drip':
      return drip(channel, request, fault);
    case 'html':
      return void channel.response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>Welcome');
    case 'malformed_json':
      return (await begin(channel, request, fault.after)).breakOff();
    case 'empty_stream':
      return (await begin(channel, request)).end();
  }
}

async function stall(channel: Channel, request: ChatRequest, fault: Extract<Fault, { kind: 'stall' }>): Promise<void> {
  const { gate, after, answer } = fault;
  const stream = request.stream ? await begin(channel, request, after, answer) : null;
  await gate.pass(channel.signal);
  await (stream ? stream.finish() : deliverReply(channel, request, answer));
}

async function drip(
  channel: Channel,
  request: ChatRequest,
  { everyMs, pieces }: Extract<Fault, { kind: 'drip' }>,
): Promise<void> {
  const stream = await begin(channel, request);
  for (let piece = 0; piece < pieces; piece += 1) {
    await stream.say('drop ');
    await sleep(everyMs, undefined, { signal: channel.signal });
  }
  await stream.finish();
}

/** The first words of a stream; without any, not even its headers are sent. */
async function begin(
  channel: Channel,
  request: ChatRequest,
  words = '',
  answer: Answer = {},
): Promise<CompletionStream> {
  const stream = new CompletionStream(channel, completionOf(request, answer));
  await stream.say(words);
  return stream;
}

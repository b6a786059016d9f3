import type { ChatRequest } from './chat-request.ts';
import { completionBody, completionOf } from './completion.ts';
import { type Channel, CompletionStream } from './completion-stream.ts';
import { sendJson } from './http-responses.ts';
import type { Fault, Reply } from './script.ts';

/** Sends an answer, streamed or whole as the request wants it, or commits a fault. */
export async function deliverReply(channel: Channel, request: ChatRequest, reply: Reply): Promise<void> {
  if ('fault' in reply) return commitFault(channel, request, reply.fault);
  if (request.stream) return new CompletionStream(channel, completionOf(request, reply)).finish();
  sendJson(channel.response, 200, completionBody(completionOf(request, reply)));
}

async function commitFault(channel: Channel, request: ChatRequest, fault: Fault): Promise<void> {
  const { response, signal } = channel;
  if (fault.kind === 'http_error') return sendJson(response, fault.status, fault.body, fault.headers);
  const stream = new CompletionStream(channel, completionOf(request, fault.kind === 'stall' ? fault.answer : {}));
  if (request.stream && 'after' in fault) await stream.say(fault.after ?? '');
  switch (fault.kind) {
    case 'connection_reset':
      return void response.socket?.resetAndDestroy();
    case 'stall':
      await fault.gate.pass(signal);
      return request.stream ? stream.finish() : deliverReply(channel, request, fault.answer);
    case 'malformed_json':
      return stream.breakOff();
    case 'empty_stream':
      return stream.end();
  }
}

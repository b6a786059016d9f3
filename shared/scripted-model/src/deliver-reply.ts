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
  const { response, signal } = channel;
  switch (fault.kind) {
    case 'http_error':
      return sendJson(response, fault.status, fault.body, fault.headers);
    case 'connection_reset':
      await beginAnswer(channel, request, fault.after);
      response.socket?.resetAndDestroy();
      return;
    case 'stall': {
      const stream = await beginAnswer(channel, request, fault.after, fault.answer);
      await fault.gate.pass(signal);
      return stream ? stream.finish() : deliverReply(channel, request, fault.answer);
    }
    case 'malformed_json':
      return (await beginAnswer(channel, request, fault.after ?? '', {}))?.breakOff();
    case 'empty_stream':
      return (await beginAnswer(channel, request, '', {}))?.end();
  }
}

/** Opens the stream and says the first words, if the fault has any; without them nothing is sent, not even the headers. */
async function beginAnswer(
  channel: Channel,
  request: ChatRequest,
  words?: string,
  answer: Answer = {},
): Promise<CompletionStream | null> {
  if (words === undefined) return null;
  const stream = new CompletionStream(channel, completionOf(request, answer));
  await stream.say(words);
  return stream;
}

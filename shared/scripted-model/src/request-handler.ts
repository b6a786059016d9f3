import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { AppError, InvalidError } from '@oio/errors';
import { z } from 'zod';
import { type ChatRequest, chatRequest } from './chat-request.ts';
import { type Conversation, readConversation } from './conversation.ts';
import { deliverReply } from './deliver-reply.ts';
import { sendError, sendJson } from './http-responses.ts';
import { nextReply } from './next-reply.ts';
import { SCRIPTED_MODEL } from './open-code-provider.ts';
import type { Script } from './script.ts';

/** A model call and who answered it. */
export interface RecordedRequest {
  /** Milliseconds since 1970, by the wall clock. */
  readonly atMs: number;
  readonly conversation: Conversation;
  /** Null when no script was in charge: a call for a title, or no match. */
  readonly script: string | null;
  /** The index of the step that was played. */
  readonly step: number;
}

interface Endpoint {
  readonly scripts: readonly Script[];
  readonly apiKey: string;
  readonly tokenDelayMs: number;
  readonly record: (request: RecordedRequest) => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Fires when the client leaves. */
  readonly signal: AbortSignal;
}

/** The HTTP side of the endpoint. Every error is answered in the form of the OpenAI API. */
export function requestHandler(endpoint: Endpoint): RequestListener {
  return (request, response) => void answer(endpoint, request, response);
}

async function answer(endpoint: Endpoint, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const client = new AbortController();
  response.once('close', () => client.abort());
  try {
    await route(endpoint, { request, response, signal: client.signal });
  } catch (error) {
    if (!client.signal.aborted) refuse(response, error);
  }
}

const METHOD_OF = new Map([
  ['/v1/models', 'GET'],
  ['/v1/chat/completions', 'POST'],
]);

async function route(endpoint: Endpoint, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const path = (request.url ?? '').split('?')[0] ?? '';
  const method = METHOD_OF.get(path);
  if (!method) return sendError(response, 404, 'unknown_url', `There is nothing at ${path}.`);
  if (request.method !== method)
    return sendError(response, 405, 'method_not_allowed', `${path} answers to ${method} only.`);
  if (request.headers.authorization !== `Bearer ${endpoint.apiKey}`) {
    return sendError(response, 401, 'invalid_api_key', 'The API key is missing or wrong.');
  }
  if (method === 'GET') return sendJson(response, 200, MODELS);
  await complete(endpoint, exchange);
}

const MODELS = {
  object: 'list',
  data: [{ id: SCRIPTED_MODEL.modelID, object: 'model', created: 0, owned_by: SCRIPTED_MODEL.providerID }],
};

async function complete(endpoint: Endpoint, { request, response, signal }: Exchange): Promise<void> {
  const chat = parseChatRequest(await text(request));
  const session = request.headers['x-session-id'];
  const conversation = readConversation(chat, typeof session === 'string' ? session : null);
  const chosen = nextReply(endpoint.scripts, conversation);
  endpoint.record({ atMs: Date.now(), conversation, script: chosen?.script ?? null, step: chosen?.step ?? 0 });
  if (!chosen) throw new InvalidError('No script matches this conversation.', { code: 'no_script' });
  await deliverReply({ response, signal, tokenDelayMs: endpoint.tokenDelayMs }, chat, chosen.reply);
}

function parseChatRequest(body: string): ChatRequest {
  const parsed = chatRequest.safeParse(readJson(body));
  if (!parsed.success) throw new InvalidError(`This is no chat completion request.\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new InvalidError('The body is no JSON.', { cause });
  }
}

/** As a bad request, whatever it was: OpenCode fails at once on it, whereas it would repeat a server error for a minute. */
function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  const code = error instanceof AppError ? error.code : 'script_failed';
  sendError(response, 400, code, error instanceof Error ? error.message : String(error));
}

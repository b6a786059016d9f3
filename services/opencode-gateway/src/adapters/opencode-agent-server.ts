import { AppError } from '@oio/errors';
import { z } from 'zod';
import type { ConversationCalls } from '../agent-server/conversation-calls.ts';
import type { AgentEvent, EventOptions, Hearing } from '../agent-server/events.ts';
import type { PermissionAnswer, QuestionAnswer } from '../agent-server/requests.ts';
import type { AgentSession, NewSession, Prompt, SessionRef } from '../agent-server/sessions.ts';
import type { AgentInfo, AgentServer, ModelCatalogue } from '../ports.ts';
import { HEALTH_MS } from '../server-health.ts';
import { createConversationCalls } from './opencode-conversation.ts';
import { type EventStreamOptions, OpencodeEventStream } from './opencode-event-stream.ts';
import { permissionOf, questionOf, wirePermission, wireQuestion, wireStatus, wireTodos } from './opencode-events.ts';
import { OpencodeHttp, type OpencodeHttpOptions } from './opencode-http.ts';
import { wireMessage } from './opencode-messages.ts';
import { promptBody } from './opencode-prompt.ts';
import { sessionPath, wireSession } from './opencode-session.ts';

export interface OpencodeServerOptions extends OpencodeHttpOptions {
  readonly events?: EventStreamOptions;
}

/** An OpenCode server spoken to over HTTP, at `url`, with the password that it was started with. */
export class OpencodeAgentServer implements AgentServer {
  readonly conversation: ConversationCalls;
  readonly #http: OpencodeHttp;
  readonly #events: OpencodeEventStream;

  constructor(options: OpencodeServerOptions) {
    this.#http = new OpencodeHttp(options);
    this.conversation = createConversationCalls(this.#http);
    this.#events = new OpencodeEventStream(this.#http, options.events);
  }

  async health(signal?: AbortSignal) {
    const request = { path: '/global/health', schema: health, deadlineMs: HEALTH_MS, signal };
    const answer = await this.#http.control('GET', request);
    this.#http.resilience.answered();
    return answer;
  }

  refusesStrangers(): Promise<boolean> {
    return this.#http.refusesStrangers('/global/health');
  }

  directoriesSeen(): number {
    return this.#events.directories.size;
  }

  agents(directory: string): Promise<readonly AgentInfo[]> {
    return this.#http.get({ path: '/agent', directory, schema: z.array(agent) });
  }

  async models(directory: string): Promise<ModelCatalogue> {
    const [{ providers }, config] = await Promise.all([
      this.#http.get({ path: '/config/providers', directory, schema: catalogue, maxBytes: LARGE }),
      this.#http.get({ path: '/config', directory, schema: configuration }),
    ]);
    const [providerId = '', ...modelId] = (config.model ?? '').split('/');
    return { models: providers.flat(), default: config.model ? { providerId, modelId: modelId.join('/') } : null };
  }

  createSession({ directory, title, metadata, parentId, permissions }: NewSession): Promise<AgentSession> {
    const body = { title, metadata, parentID: parentId, permission: permissions };
    // What becomes of its first prompt may show as an event only.
    this.#events.open();
    return this.#http.post({ path: '/session', directory, body, schema: wireSession });
  }

  getSession(ref: SessionRef): Promise<AgentSession | null> {
    return orNull(this.#http.get({ ...sessionPath(ref), schema: wireSession }));
  }

  forkSession(ref: SessionRef, before: string | null): Promise<AgentSession> {
    const body = before === null ? {} : { messageID: before };
    return this.#http.post({ ...sessionPath(ref, '/fork'), body, schema: wireSession, deadlineMs: LONG_MS });
  }

  updateSession(ref: SessionRef, { title, metadata }: Pick<NewSession, 'title' | 'metadata'>): Promise<void> {
    return this.#http.patch({ ...sessionPath(ref), body: { title, metadata }, schema: nothing });
  }

  moveSession({ sessionId, directory: from }: SessionRef, directory: string): Promise<void> {
    const body = { sessionID: sessionId, destination: { directory } };
    const path = '/experimental/control-plane/move-session';
    return this.#http.post({ path, directory: from, body, schema: nothing });
  }

  async deleteSession(ref: SessionRef): Promise<void> {
    await orNull(this.#http.delete({ ...sessionPath(ref), schema: z.boolean() }));
  }

  listSessions(directory: string): Promise<readonly AgentSession[]> {
    return this.#http.get({ path: '/session', directory, schema: z.array(wireSession), maxBytes: LARGE });
  }

  children(ref: SessionRef): Promise<readonly AgentSession[]> {
    return this.#http.get({ ...sessionPath(ref, '/children'), schema: z.array(wireSession) });
  }

  todos(ref: SessionRef) {
    return this.#http.get({ ...sessionPath(ref, '/todo'), schema: wireTodos });
  }

  prompt(prompt: Prompt): Promise<void> {
    return this.#run(prompt, prompt.text);
  }

  resume(prompt: Omit<Prompt, 'text'>): Promise<void> {
    return this.#run(prompt, null);
  }

  async abort(ref: SessionRef): Promise<void> {
    await this.#http.control('POST', { ...sessionPath(ref, '/abort'), schema: z.boolean() });
  }

  message(ref: SessionRef, messageId: string) {
    const where = sessionPath(ref, `/message/${encodeURIComponent(messageId)}`);
    return orNull(this.#http.get({ ...where, schema: wireMessage, maxBytes: LARGE }));
  }

  messages(ref: SessionRef) {
    return this.#http.get({
      ...sessionPath(ref, '/message'),
      schema: z.array(wireMessage),
      maxBytes: LARGE,
      deadlineMs: LONG_MS,
    });
  }

  async activities(directory: string) {
    const schema = z.record(z.string(), wireStatus);
    const answer = await this.#http.get({ path: '/session/status', directory, schema });
    return new Map(Object.entries(answer));
  }

  async pendingPermissions(directory: string) {
    const asked = await this.#http.get({ path: '/permission', directory, schema: z.array(wirePermission) });
    return asked.map((one) => permissionOf(one, directory));
  }

  async pendingQuestions(directory: string) {
    const asked = await this.#http.get({ path: '/question', directory, schema: z.array(wireQuestion) });
    return asked.map((one) => questionOf(one, directory));
  }

  replyPermission({ requestId, directory, reply, message }: PermissionAnswer): Promise<boolean> {
    const path = `/permission/${encodeURIComponent(requestId)}/reply`;
    return isStillAsked(this.#http.control('POST', { path, directory, body: { reply, message }, schema: z.boolean() }));
  }

  replyQuestion({ requestId, directory, answers }: QuestionAnswer): Promise<boolean> {
    const path = `/question/${encodeURIComponent(requestId)}/reply`;
    return isStillAsked(this.#http.control('POST', { path, directory, body: { answers }, schema: z.boolean() }));
  }

  rejectQuestion({ requestId, directory }: { requestId: string; directory: string }): Promise<boolean> {
    const path = `/question/${encodeURIComponent(requestId)}/reject`;
    return isStillAsked(this.#http.control('POST', { path, directory, schema: z.boolean() }));
  }

  hearing(): Hearing | null {
    return this.#events.hearing;
  }

  events(options?: EventOptions): AsyncIterable<AgentEvent> {
    return this.#events.read(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events[Symbol.asyncDispose]();
    await this.#http[Symbol.asyncDispose]();
  }

  #run(prompt: Omit<Prompt, 'text'>, text: string | null): Promise<void> {
    const body = promptBody(prompt, text);
    return this.#http.post({ ...sessionPath(prompt, '/prompt_async'), body, schema: nothing });
  }
}

const LARGE = 128 * 2 ** 20;
const LONG_MS = 60_000;

const nothing = z.unknown().transform(() => undefined);
const health = z.object({ healthy: z.boolean(), version: z.string() });

const agent = z
  .object({
    name: z.string(),
    description: z.string().nullish(),
    mode: z.enum(['primary', 'subagent', 'all']),
  })
  .transform(({ name, description, mode }): AgentInfo => ({ name, description: description ?? null, mode }));

const provider = z
  .object({
    id: z.string(),
    models: z.record(z.string(), z.object({ name: z.string(), limit: z.object({ context: z.number() }).optional() })),
  })
  .transform(({ id, models }) =>
    Object.entries(models).map(([modelId, { name, limit }]) => ({
      providerId: id,
      modelId,
      name,
      contextTokens: limit?.context || null,
    })),
  );

const catalogue = z.object({ providers: z.array(provider) });
/**
 * OpenCode 1.18 always tells of its agents, if only `{}`; something else that calls itself an answer must not be taken for a server without a
 * default model, which refuses every session for as long as it is believed.
 */
const configuration = z
  .object({ model: z.string().optional(), agent: z.record(z.string(), z.unknown()).optional() })
  .refine((config) => config.model !== undefined || config.agent !== undefined, 'is no configuration of OpenCode');

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function isStillAsked(call: Promise<boolean>): Promise<boolean> {
  return (await orNull(call)) ?? false;
}

function isNotFound(error: unknown): boolean {
  return error instanceof AppError && error.code === 'not_found';
}

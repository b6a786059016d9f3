import { InvalidError, NotFoundError } from '@oio/errors';
import type { AgentEvent } from '../agent-server/events.ts';
import type { TurnMessage } from '../agent-server/messages.ts';
import type { AgentSession, NewSession, Prompt, SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';

export { createNullWorkspaces } from './null-workspaces.ts';

export interface NullAgentServer extends AgentServer {
  /** How often each method was called so far. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Conversations that are kept; older ones are forgotten, so that a long run takes no more memory than a short one. */
const KEPT = 10_000;
const ANSWER = 'x'.repeat(1_024);

/** An OpenCode server that costs nothing: every prompt is answered with 1 KB at once. Its model is `null/null`. */
export function createNullAgentServer(): NullAgentServer {
  const calls: Record<string, number> = {};
  const conversations = new Map<string, Conversation>();
  const server = answers(conversations);
  const counted = Object.entries(server).map(([name, method]: [string, (...args: never[]) => unknown]) => [
    name,
    (...args: never[]) => {
      calls[name] = (calls[name] ?? 0) + 1;
      return method(...args);
    },
  ]);
  const methods = Object.fromEntries(counted) as typeof server;
  // It tells of nothing, so that it is asked.
  const hearing = () => null;
  return { ...methods, conversation: nobodyStays, hearing, calls, async [Symbol.asyncDispose]() {} };
}

interface Conversation {
  readonly session: AgentSession;
  messages: readonly TurnMessage[];
}

const catalogue: Pick<AgentServer, 'health' | 'refusesStrangers' | 'directoriesSeen' | 'agents' | 'models'> = {
  health: async () => ({ healthy: true, version: 'null' }),
  refusesStrangers: async () => true,
  directoriesSeen: () => 0,
  agents: async () => [{ name: 'industrial-coder', description: null, mode: 'primary' }],
  models: async () => ({
    models: [{ providerId: 'null', modelId: 'null', name: 'Null', contextTokens: null }],
    default: { providerId: 'null', modelId: 'null' },
  }),
};

const nobodyStays = new Proxy({} as AgentServer['conversation'], {
  get: () => () => Promise.reject(new InvalidError('The null server answers prompts only.', { code: 'bad_request' })),
});

type Methods = Omit<AgentServer, 'conversation' | 'hearing' | typeof Symbol.asyncDispose>;

function answers(conversations: Map<string, Conversation>): Methods {
  let number = 0;
  return {
    ...catalogue,
    async createSession(wanted) {
      number += 1;
      const session = newSession(`ses_${number}`, wanted);
      conversations.set(session.id, { session, messages: [] });
      const [oldest] = conversations.keys();
      if (conversations.size > KEPT && oldest !== undefined) conversations.delete(oldest);
      return session;
    },
    forkSession: async (source) => found(conversations, source).session,
    updateSession: async () => {},
    moveSession: async () => {},
    deleteSession: async ({ sessionId }) => void conversations.delete(sessionId),
    getSession: async ({ sessionId }) => conversations.get(sessionId)?.session ?? null,
    listSessions: async (directory) =>
      Array.from(conversations.values(), ({ session }) => session).filter((session) => session.directory === directory),
    children: async () => [],
    todos: async () => [],
    async prompt(prompt) {
      const conversation = found(conversations, prompt);
      conversation.messages = [...conversation.messages, ...turn(prompt)];
    },
    resume: async () => {},
    abort: async () => {},
    message: async (session, messageId) =>
      found(conversations, session).messages.find(({ id }) => id === messageId) ?? null,
    messages: async (session) => found(conversations, session).messages,
    activities: async () => new Map(),
    pendingPermissions: async () => [],
    pendingQuestions: async () => [],
    replyPermission: async () => false,
    replyQuestion: async () => false,
    rejectQuestion: async () => false,
    events: ({ signal } = {}) => silence(signal),
  };
}

function found(conversations: ReadonlyMap<string, Conversation>, { sessionId }: SessionRef): Conversation {
  const conversation = conversations.get(sessionId);
  if (conversation) return conversation;
  throw new NotFoundError(`There is no session ${sessionId}.`, { code: 'not_found' });
}

function newSession(id: string, { title, directory, metadata = {} }: NewSession): AgentSession {
  return { id, title, directory, parentId: null, metadata, createdAtMs: Date.now() };
}

function turn({ sessionId, messageId, text }: Prompt): readonly TurnMessage[] {
  const nowMs = Date.now();
  const base = { sessionId, createdAtMs: nowMs, error: null, synthetic: false, model: null, summary: false };
  const tokens = { input: 1, output: 1, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
  const prompt: TurnMessage = {
    ...base,
    id: messageId,
    role: 'user',
    parentId: null,
    completedAtMs: null,
    finish: null,
    parts: [{ type: 'text', id: `${messageId}p`, text }],
  };
  const reply: TurnMessage = {
    ...base,
    id: `${messageId}r`,
    role: 'assistant',
    parentId: messageId,
    completedAtMs: nowMs,
    finish: 'stop',
    parts: [
      { type: 'text', id: `${messageId}t`, text: ANSWER },
      { type: 'step_finished', id: `${messageId}s`, reason: 'stop', tokens, costUsd: 0 },
    ],
  };
  return [prompt, reply];
}

/** The stream of a server on which nothing happens that has not been seen already. */
async function* silence(signal: AbortSignal | undefined): AsyncIterable<AgentEvent> {
  if (signal?.aborted) return;
  yield { type: 'resync', reason: 'connected' };
  await new Promise<void>((resolve) => {
    if (!signal || signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

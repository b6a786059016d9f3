import type { AgentError, MessagePart, ToolCall, TurnMessage } from '../../src/agent-server/messages.ts';

export const PROMPT_ID = 'msg_20406af7a000ABCDEFGHIJKLMN';

/** The prompt of a turn, as it is stored. */
export function userMessage(overrides: Partial<TurnMessage> = {}): TurnMessage {
  return { ...BASE, id: PROMPT_ID, role: 'user', parts: [textPart('do it')], ...overrides };
}

/** One model call of a turn; `number` gives its place. Finished with `stop` unless it is said otherwise. */
export function reply(number: number, overrides: Partial<TurnMessage> = {}): TurnMessage {
  const id = `msg_20406af9${String(number).padStart(4, '0')}2001TZ3RwBNu4rU1`;
  const finish = overrides.finish === undefined ? 'stop' : overrides.finish;
  const parts: MessagePart[] = finish === null ? [] : [textPart(`answer ${number}`), stepPart(number, finish)];
  return {
    ...BASE,
    id,
    role: 'assistant',
    parentId: PROMPT_ID,
    completedAtMs: 1000 + number,
    finish,
    parts,
    ...overrides,
  };
}

/** An answer that was begun and never ended, as a killed server leaves it. */
export function openReply(number: number, parts: readonly MessagePart[] = []): TurnMessage {
  return reply(number, { finish: null, completedAtMs: null, parts });
}

export function textPart(text: string): MessagePart {
  return { type: 'text', id: 'prt_text', text };
}

export function stepPart(number: number, reason = 'stop'): MessagePart {
  const tokens = { input: 100, output: 20, reasoning: 0, cacheRead: 5, cacheWrite: 1 };
  return { type: 'step_finished', id: `prt_step_${number}`, reason, tokens, costUsd: 0.001 };
}

export function toolPart(overrides: Partial<ToolCall> = {}): MessagePart {
  return {
    type: 'tool',
    id: 'prt_tool',
    callId: 'call_1',
    tool: 'bash',
    status: 'completed',
    title: null,
    error: null,
    exitCode: 0,
    startedAtMs: 1,
    endedAtMs: 2,
    ...overrides,
  };
}

export function agentError(overrides: Partial<AgentError> = {}): AgentError {
  return { name: 'APIError', message: 'scripted', statusCode: null, detail: '', retryAfterMs: null, ...overrides };
}

const BASE = {
  sessionId: 'ses_1',
  parentId: null,
  createdAtMs: 1000,
  completedAtMs: null,
  finish: null,
  error: null,
  synthetic: false,
  model: null,
  summary: false,
} as const;

import { z } from 'zod';
import type { AgentError, MessagePart, StepUsage, ToolCall, TurnMessage } from '../agent-server/messages.ts';
import { retryAfterMsOf } from './opencode-errors.ts';

/** What OpenCode says of an error, in a message or in an event. */
export const wireError = z
  .object({
    name: z.string(),
    data: z
      .object({
        message: z.string().optional(),
        statusCode: z.number().optional(),
        responseBody: z.string().optional(),
        responseHeaders: z.record(z.string(), z.string()).default({}),
      })
      .prefault({}),
  })
  .transform(
    ({ name, data: { message, statusCode, responseBody, responseHeaders } }): AgentError => ({
      name,
      message: redact((message ?? name).slice(0, 1000)),
      statusCode: statusCode ?? null,
      detail: redact((responseBody ?? '').slice(0, 500)),
      retryAfterMs: namedWaitMs(responseHeaders),
    }),
  );

/** OpenCode obeys the finer of the two headers first. */
function namedWaitMs(headers: Readonly<Record<string, string>>): number | null {
  const fine = Number(headers['retry-after-ms'] || Number.NaN);
  return Number.isFinite(fine) ? Math.max(0, fine) : retryAfterMsOf(headers);
}

const wireTokens = z.object({
  input: z.number(),
  output: z.number(),
  reasoning: z.number().default(0),
  cache: z.object({ read: z.number(), write: z.number() }).default({ read: 0, write: 0 }),
});

const stepFinish = z.object({
  type: z.literal('step-finish'),
  id: z.string(),
  reason: z.string(),
  cost: z.number(),
  tokens: wireTokens,
});

const toolState = z.object({
  status: z.enum(['pending', 'running', 'completed', 'error']),
  title: z.string().optional(),
  error: z.string().optional(),
  metadata: z.object({ exit: z.number().nullish() }).optional(),
  time: z.object({ start: z.number(), end: z.number().optional() }).optional(),
});

const tool = z.object({
  type: z.literal('tool'),
  id: z.string(),
  callID: z.string(),
  tool: z.string(),
  state: toolState,
});

const text = z.object({
  type: z.literal('text'),
  id: z.string(),
  text: z.string(),
  synthetic: z.boolean().optional(),
});

const compaction = z.object({ type: z.literal('compaction') });
const anyOther = z.object({ type: z.string() });

/** One part of a message. Kinds that we make no use of come out as their `type` alone. */
export const wirePart = z.union([stepFinish, tool, text, compaction, anyOther]);
export type WirePart = z.output<typeof wirePart>;

export const wireMessage = z
  .object({
    info: z.object({
      id: z.string(),
      sessionID: z.string(),
      role: z.enum(['user', 'assistant']),
      parentID: z.string().optional(),
      time: z.object({ created: z.number(), completed: z.number().optional() }),
      finish: z.string().optional(),
      providerID: z.string().optional(),
      modelID: z.string().optional(),
      summary: z.unknown().optional(),
      error: wireError.optional(),
    }),
    parts: z.array(wirePart),
  })
  .transform(
    ({ info, parts }): TurnMessage => ({
      id: info.id,
      sessionId: info.sessionID,
      role: info.role,
      parentId: info.parentID ?? null,
      createdAtMs: info.time.created,
      completedAtMs: info.time.completed ?? null,
      finish: info.finish ?? null,
      error: info.error ?? null,
      synthetic: info.role === 'user' && parts.length > 0 && parts.every(isOpencodesOwn),
      model: info.providerID && info.modelID ? `${info.providerID}/${info.modelID}` : null,
      // Of a user message `summary` is an object with its diffs, which is something else.
      summary: info.summary === true,
      parts: parts.flatMap((part) => partOf(part) ?? []),
    }),
  );

/** The domain's form of a part, or null for a kind that we make no use of. */
export function partOf(part: WirePart): MessagePart | null {
  if (isTool(part)) return { type: 'tool', ...toolCallOf(part) };
  if (isStepFinish(part)) return { type: 'step_finished', ...stepOf(part) };
  if (isText(part)) return { type: 'text', id: part.id, text: part.text };
  return null;
}

function toolCallOf(part: z.output<typeof tool>): ToolCall {
  const { state } = part;
  return {
    id: part.id,
    callId: part.callID,
    tool: part.tool,
    status: state.status,
    title: state.title?.slice(0, 200) || null,
    error: state.error === undefined ? null : redact(state.error.slice(0, 1000)),
    exitCode: state.metadata?.exit ?? null,
    startedAtMs: state.time?.start ?? null,
    endedAtMs: state.time?.end ?? null,
  };
}

function stepOf(part: z.output<typeof stepFinish>): StepUsage {
  const { input, output, reasoning, cache } = part.tokens;
  return {
    id: part.id,
    reason: part.reason,
    tokens: { input, output, reasoning, cacheRead: cache.read, cacheWrite: cache.write },
    costUsd: part.cost,
  };
}

function isOpencodesOwn(part: WirePart): boolean {
  return part.type === 'compaction' || (isText(part) && part.synthetic === true);
}

// A part that claims a kind but lacks its fields parses as `anyOther`: hence the look at a field beside the type.
const isTool = (part: WirePart): part is z.output<typeof tool> => part.type === 'tool' && 'state' in part;
const isText = (part: WirePart): part is z.output<typeof text> => part.type === 'text' && 'text' in part;
const isStepFinish = (part: WirePart): part is z.output<typeof stepFinish> =>
  part.type === 'step-finish' && 'tokens' in part;

/** Providers like to repeat the refused key in their answer. */
function redact(said: string): string {
  return said.replace(/\b(sk|pk|rk|key|gsk|xai)-[\w*-]{6,}/gi, '$1-…');
}

import { z } from 'zod';
import type { Activity, SessionEvent } from '../agent-server/events.ts';
import type { PermissionRequest, QuestionRequest } from '../agent-server/requests.ts';
import { partOf, wireError, wirePart } from './opencode-messages.ts';

/** What OpenCode calls a session's status. */
export const wireStatus = z
  .union([
    z.object({ type: z.literal('retry'), attempt: z.number(), message: z.string(), next: z.number() }),
    z.object({ type: z.enum(['idle', 'busy']) }),
  ])
  .transform((status): Activity => {
    if (status.type !== 'retry') return status;
    const { attempt, message, next } = status;
    return { type: 'retry', attempt, message: message.slice(0, 500), nextAtMs: next };
  });

export const wireTodos = z.array(z.object({ content: z.string(), status: z.string(), priority: z.string() }));

export const wirePermission = z.object({
  id: z.string(),
  sessionID: z.string(),
  permission: z.string(),
  patterns: z.array(z.string()).default([]),
  metadata: z.record(z.string(), z.unknown()).default({}),
});

export const wireQuestion = z.object({
  id: z.string(),
  sessionID: z.string(),
  questions: z
    .array(
      z.object({
        question: z.string(),
        header: z.string().default(''),
        options: z.array(z.object({ label: z.string(), description: z.string().default('') })).default([]),
        multiple: z.boolean().default(false),
      }),
    )
    .default([]),
});

export function permissionOf(wire: z.output<typeof wirePermission>, directory: string): PermissionRequest {
  const { id, sessionID, permission, patterns, metadata } = wire;
  const said = (key: string): string | null => (typeof metadata[key] === 'string' ? metadata[key] : null);
  const about = { command: said('command'), file: said('filepath'), diff: said('diff') };
  return { requestId: id, sessionId: sessionID, directory, permission, patterns, ...about };
}

export function questionOf(wire: z.output<typeof wireQuestion>, directory: string): QuestionRequest {
  return { requestId: wire.id, sessionId: wire.sessionID, directory, questions: wire.questions };
}

const envelope = z.object({
  directory: z.string().optional(),
  payload: z.object({ type: z.string(), properties: z.unknown() }),
});

/**
 * Reads the frames of one `/global/event` stream as domain events; null for the many kinds that tell us nothing. It
 * remembers which parts are reasoning, since a delta does not say of what kind its part is.
 */
export function createEventReader(): (frame: unknown) => SessionEvent | null {
  const reasoning = new Set<string>();
  return (frame) => {
    const parsed = envelope.safeParse(frame);
    if (!parsed.success) return null;
    const { type, properties } = parsed.data.payload;
    if (type === 'message.part.updated') rememberReasoning(reasoning, properties);
    const event = READERS.get(type)?.(properties, parsed.data.directory ?? '') ?? null;
    return event?.type === 'delta' && reasoning.has(event.partId) ? { ...event, kind: 'reasoning' } : event;
  };
}

const MAX_REMEMBERED = 10_000;
const reasoningPart = z.object({ part: z.object({ type: z.literal('reasoning'), id: z.string() }) });

function rememberReasoning(reasoning: Set<string>, properties: unknown): void {
  const parsed = reasoningPart.safeParse(properties);
  if (!parsed.success) return;
  if (reasoning.size >= MAX_REMEMBERED) reasoning.clear();
  reasoning.add(parsed.data.part.id);
}

type Reader = (properties: unknown, directory: string) => SessionEvent | null;

const READERS: ReadonlyMap<string, Reader> = new Map(
  Object.entries({
    'session.status': reader(z.object({ sessionID: z.string(), status: wireStatus }), ({ sessionID, status }) => ({
      type: 'activity',
      sessionId: sessionID,
      activity: status,
    })),
    'session.error': reader(z.object({ sessionID: z.string(), error: wireError }), ({ sessionID, error }) => ({
      type: 'error',
      sessionId: sessionID,
      error,
    })),
    'session.created': reader(
      z.object({ info: z.object({ id: z.string(), parentID: z.string().optional(), directory: z.string() }) }),
      ({ info }) => ({
        type: 'session_created',
        sessionId: info.id,
        parentId: info.parentID ?? null,
        directory: info.directory,
      }),
    ),
    'message.updated': reader(
      z.object({
        info: z.object({ id: z.string(), sessionID: z.string(), time: z.object({ completed: z.number().optional() }) }),
      }),
      ({ info }) => ({
        type: 'message',
        sessionId: info.sessionID,
        messageId: info.id,
        completed: info.time.completed !== undefined,
      }),
    ),
    'message.part.delta': reader(
      z.object({
        sessionID: z.string(),
        messageID: z.string(),
        partID: z.string(),
        field: z.literal('text'),
        delta: z.string(),
      }),
      ({ sessionID, messageID, partID, delta }) => ({
        type: 'delta',
        kind: 'text',
        sessionId: sessionID,
        messageId: messageID,
        partId: partID,
        text: delta,
      }),
    ),
    'message.part.updated': reader(
      z.object({ part: z.object({ sessionID: z.string(), messageID: z.string() }).loose() }),
      ({ part }) => partEvent(part),
    ),
    'todo.updated': reader(z.object({ sessionID: z.string(), todos: wireTodos }), ({ sessionID, todos }) => ({
      type: 'todos',
      sessionId: sessionID,
      todos,
    })),
    'permission.asked': reader(wirePermission, (asked, directory) => ({
      type: 'permission_asked',
      sessionId: asked.sessionID,
      request: permissionOf(asked, directory),
    })),
    'question.asked': reader(wireQuestion, (asked, directory) => ({
      type: 'question_asked',
      sessionId: asked.sessionID,
      request: questionOf(asked, directory),
    })),
  }),
);

function partEvent(wire: { sessionID: string; messageID: string }): SessionEvent | null {
  const parsed = wirePart.safeParse(wire);
  const part = parsed.success ? partOf(parsed.data) : null;
  const origin = { sessionId: wire.sessionID, messageId: wire.messageID };
  if (part?.type === 'tool') {
    const { type, ...call } = part;
    return { type, ...origin, call };
  }
  if (part?.type === 'step_finished') {
    const { type, ...step } = part;
    return { type, ...origin, step };
  }
  return null;
}

/** Properties of an unknown form make the event worthless, not the stream. */
function reader<S extends z.ZodType>(
  schema: S,
  read: (properties: z.output<S>, directory: string) => SessionEvent | null,
): Reader {
  return (properties, directory) => {
    const parsed = schema.safeParse(properties);
    return parsed.success ? read(parsed.data, directory) : null;
  };
}

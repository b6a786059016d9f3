import { STATUSES } from '@oio/contracts';
import { ConflictError } from '@oio/errors';
import type { SessionSnapshot } from './snapshot.ts';

const OBJECTS = ['session', 'place', 'policy', 'checkpoints', 'usage', 'times', 'timers'] as const;
const LISTS = ['childIds', 'warnings', 'approvals'] as const;
const TEXTS = ['id', 'tenant', 'createdBy', 'createdAt', 'updatedAt'] as const;

/** Whether it has the shape of a snapshot that this version knows. */
export function isReadable(stored: unknown): stored is SessionSnapshot {
  if (!isObject(stored)) return false;
  const { version, status, attempt } = stored;
  return (
    (STATUSES as readonly unknown[]).includes(status) &&
    Number.isSafeInteger(version) &&
    (attempt === null || isObject(attempt)) &&
    TEXTS.every((field) => typeof stored[field] === 'string') &&
    OBJECTS.every((field) => isObject(stored[field])) &&
    isObject((stored['usage'] as { readonly tokens?: unknown }).tokens) &&
    hasLists(stored)
  );
}

function hasLists(stored: Record<string, unknown>): boolean {
  const { prompts = [] } = stored;
  return LISTS.every((field) => Array.isArray(stored[field])) && Array.isArray(prompts);
}

/** The refusal of everything that is wanted of such a session: what is stored is left as it is. */
export function unreadableSession(sessionId: string, cause?: unknown): ConflictError {
  const message = `What is stored of session ${sessionId} cannot be read by this version; it is left as it is.`;
  return new ConflictError(message, { code: 'unreadable_session', cause });
}

/** Whether it is a plain JSON object, neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { StoredSessionEvent } from '@oio/contracts';

/** Of the data of most events these count; texts, results and places are most of it and do not. */
export const COUNTED_FIELDS = ['from', 'to', 'priority', 'failure', 'step', 'calls'] as const;

/** The event with no more of its data than is counted: what waits for its turn should not hold prompts and results. */
export function countedPart(event: StoredSessionEvent): StoredSessionEvent {
  return { ...event, data: partOf(event) } as StoredSessionEvent;
}

function partOf({ type, data }: StoredSessionEvent): unknown {
  if (type === 'session.created') return { session: { type: data.session.type, priority: data.session.priority } };
  if (type === 'session.checkpoint-made') return { checkpoint: { origin: data.checkpoint.origin } };
  const all: Readonly<Record<string, unknown>> = data;
  return Object.fromEntries(COUNTED_FIELDS.filter((field) => field in all).map((field) => [field, all[field]]));
}

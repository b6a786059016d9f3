import { type SessionEventType, sessionEvents, type StoredSessionEvent } from '@oio/contracts';
import { isWorking } from '@oio/domain';
import type { Holder } from './slots.ts';

type StatusEvent = Exclude<SessionEventType, 'session.queued' | 'session.resume-requested' | 'session.attempt-closed'>;

/** What a session does after an event, for the events that take it out of the queue, into a slot or out of it. */
const STATUS_AFTER: Partial<Record<StatusEvent, Holder['status']>> = {
  'session.running': 'working',
  'session.degraded': 'working',
  'session.paused': 'paused',
  'session.completed': 'ended',
  'session.partially_completed': 'ended',
  'session.failed': 'ended',
  'session.timeout': 'ended',
  'session.stopped': 'ended',
  'session.cancelled': 'ended',
  'session.orphaned': 'ended',
};

/** The events that change who waits or who occupies what. */
const BOARD_EVENTS: ReadonlySet<string> = new Set([
  'session.queued',
  'session.resume-requested',
  'session.attempt-closed',
  ...Object.keys(STATUS_AFTER),
]);

/** The event if it changes something on the board; null for others, and for what is no event as it should be. */
export function boardEvent(event: { readonly type: string }): StoredSessionEvent | null {
  if (!BOARD_EVENTS.has(event.type)) return null;
  return sessionEvents[event.type as SessionEventType].payload.safeParse(event).data ?? null;
}

interface KnownBefore extends Pick<Holder, 'directory' | 'keys'> {
  readonly known: Holder | undefined;
}

/** The holder that a session is after an event, given what was known of it; null for an event that says nothing about that. */
export function holderAfter(event: StoredSessionEvent, { known, directory, keys }: KnownBefore): Holder | null {
  const { sessionId: id, seq: version, type } = event;
  if (type === 'session.attempt-closed') return known ? { ...known, version, isOpen: false } : null;
  const status = STATUS_AFTER[type as StatusEvent];
  if (!status) return null;
  const serverId = type === 'session.running' ? event.data.serverId : (known?.serverId ?? null);
  return {
    id,
    version,
    status,
    serverId,
    directory,
    keys,
    isOpen: status === 'working' || (known?.isOpen ?? hasRun(event)),
  };
}

/** Whether there was a run before the event, which may still be under way on the server. */
function hasRun({ data }: StoredSessionEvent): boolean {
  return 'from' in data && (isWorking(data.from) || data.from === 'paused');
}

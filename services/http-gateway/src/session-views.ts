import type { SessionView } from '@oio/contracts';
import { type SessionSnapshot, toSessionView, unreadableSession } from '@oio/domain';
import type { Logger } from '@oio/runtime';
import type { ListedSession } from './ports.ts';

/** Of how many sessions it is remembered that they were told of. */
const REMEMBERED = 1_000;

/** The view of one session, at the instant `now`. Throws `unreadable_session` when what is stored allows none. */
export function viewOf(snapshot: SessionSnapshot, now: string): SessionView {
  try {
    return toSessionView(snapshot, now);
  } catch (error) {
    throw unreadableSession(snapshot.id, error);
  }
}

/** Views of what a list has found. One that cannot be read is left out, and logged once: it must not hide all others. */
export function createListedViews(
  logger: Logger,
): (found: readonly ListedSession[], now: string) => readonly SessionView[] {
  const told = new Set<string>();
  const tell = (sessionId: string, error: unknown): void => {
    if (told.has(sessionId)) return;
    if (told.size >= REMEMBERED) told.clear();
    told.add(sessionId);
    logger.error({ err: error, sessionId }, 'a session cannot be read: it is left out of lists');
  };
  return (found, now) =>
    found.flatMap(({ id, snapshot }) => {
      try {
        if (!snapshot) throw unreadableSession(id);
        return [viewOf(snapshot, now)];
      } catch (error) {
        tell(id, error);
        return [];
      }
    });
}

import type { StoredSessionEvent } from '@oio/contracts';
import type { EventName } from './ports.ts';
import { advance, type SessionProgress } from './session-progress.ts';

/** An event that counts, with what was known of its session before and after it. */
export interface Entry {
  readonly event: StoredSessionEvent;
  readonly before: SessionProgress | undefined;
  readonly after: SessionProgress;
}

/** How the sessions stand that were heard of last, so that the next event of each makes sense. What is not here is read. */
export class KnownSessions {
  readonly #capacity: number;
  /** From the one that was quiet for longest to the one heard of last. */
  readonly #sessions = new Map<string, SessionProgress>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Those of the events that continue a session which is not known. */
  strangers(events: readonly StoredSessionEvent[]): EventName[] {
    const seen = new Set<string>();
    return events.filter(({ sessionId, seq }) => {
      const isFirst = !seen.has(sessionId);
      seen.add(sessionId);
      return isFirst && seq > 1 && !this.#sessions.has(sessionId);
    });
  }

  /** To be called in the order of the history. */
  advance(event: StoredSessionEvent): Entry {
    const { sessionId } = event;
    const before = this.#sessions.get(sessionId);
    const after = advance(before, event);
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, after);
    return { event, before, after };
  }

  /** Forgets who is too many: not while a page is counted, whose later events may be theirs. */
  trim(): void {
    for (const [oldest] of this.#sessions) {
      if (this.#sessions.size <= this.#capacity) return;
      this.#sessions.delete(oldest);
    }
  }

  clear(): void {
    this.#sessions.clear();
  }
}

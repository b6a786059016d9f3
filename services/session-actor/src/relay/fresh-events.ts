import type { StoredSessionEvent } from '@oio/contracts';

/** So many announcements are remembered, each of at most 131,072 characters; a page of the history takes some of them. */
const ANNOUNCEMENTS = 256;

/** `<session>:<seq>`, as the stream and the relay name an event. */
export function nameOf({ sessionId, seq }: Pick<StoredSessionEvent, 'sessionId' | 'seq'>): string {
  return `${sessionId}:${seq}`;
}

/**
 * Events of which was told that they are committed, until they are taken or too many came after them. Saves reading them
 * again; what is not here stands in the database.
 */
export class FreshEvents {
  readonly #events = new Map<string, StoredSessionEvent>();
  readonly #announcements: (readonly StoredSessionEvent[])[] = [];

  keep(events: readonly StoredSessionEvent[]): void {
    if (events.length === 0) return;
    for (const event of events) this.#events.set(nameOf(event), event);
    if (this.#announcements.push(events) > ANNOUNCEMENTS) this.#drop(this.#announcements.shift() ?? []);
  }

  /** The event of that name, which is not here any more then. */
  take(name: string): StoredSessionEvent | undefined {
    const event = this.#events.get(name);
    this.#events.delete(name);
    return event;
  }

  #drop(events: readonly StoredSessionEvent[]): void {
    for (const event of events) this.#events.delete(nameOf(event));
  }
}

import type { StoredSessionEvent } from '@oio/contracts';
import { countedPart } from './counted-part.ts';
import type { EventName } from './ports.ts';

/** More are heard between two looks at the order only under a load that no machine of today can make. */
const KEPT = 20_000;

/** `<session>:<seq>`, as the stream and the relay name an event. */
export function nameOf({ sessionId, seq }: EventName): string {
  return `${sessionId}:${seq}`;
}

/** What the bus has brought, until it is its turn in the order of the history. What is not here is read. */
export class HeardEvents {
  readonly #events = new Map<string, StoredSessionEvent>();

  keep(event: StoredSessionEvent): void {
    this.#events.set(nameOf(event), countedPart(event));
    if (this.#events.size <= KEPT) return;
    for (const [oldest] of this.#events) {
      this.#events.delete(oldest);
      return;
    }
  }

  /** The event of that name, which is not here any more then. */
  take(name: string): StoredSessionEvent | undefined {
    const event = this.#events.get(name);
    this.#events.delete(name);
    return event;
  }
}

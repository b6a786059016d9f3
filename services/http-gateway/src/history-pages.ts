import type { StoredSessionEvent } from '@oio/contracts';
import { createGate, type Gate } from './gate.ts';
import type { SessionReader } from './ports.ts';

/** Pages of history that are in memory at a time, for all streams together. */
const AT_A_TIME = 8;

/**
 * Reads the history for all streams, few pages at a time. A page that several streams wait for is read once: otherwise the
 * readers of one session, once they are behind, read it more slowly than it grows, each for itself, and never catch up.
 */
export class HistoryPages {
  readonly #reader: Pick<SessionReader, 'history'>;
  readonly #gate: Gate = createGate(AT_A_TIME);
  /** Those that are not begun yet: what is under way may have missed an event that was committed meanwhile. */
  readonly #waiting = new Map<string, Promise<readonly StoredSessionEvent[]>>();

  constructor(reader: Pick<SessionReader, 'history'>) {
    this.#reader = reader;
  }

  /** Committed events after a sequence number, oldest first; none when there are no more. */
  read(
    tenant: string,
    sessionId: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredSessionEvent[]> {
    const key = JSON.stringify([tenant, sessionId, after, limit]);
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting;
    const page = Promise.resolve().then(() =>
      this.#gate(() => {
        this.#waiting.delete(key);
        return this.#reader.history(tenant, sessionId, { after, limit });
      }),
    );
    this.#waiting.set(key, page);
    return page;
  }
}

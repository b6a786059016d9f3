import type { StoredSessionEvent } from '@oio/contracts';
import type { Logger } from '@oio/runtime';
import type { SessionHistory } from './ports.ts';
import { advance, type SessionProgress } from './session-progress.ts';

/** An event that counts, with what was known of its session before and after it. */
export interface Entry {
  readonly event: StoredSessionEvent;
  readonly before: SessionProgress | undefined;
  readonly after: SessionProgress;
}

export interface Admission {
  readonly entries: readonly Entry[];
  /** `new`: the next one. `repeated`: counted before. `repaired`: some before it had not come and were read. `gap`: they could not be read. */
  readonly outcome: 'new' | 'repeated' | 'repaired' | 'gap';
}

export interface EventLedgerOptions {
  readonly history: Pick<SessionHistory, 'between'>;
  /** How many sessions are remembered. */
  readonly capacity: number;
  readonly logger: Logger;
}

/** Lets each event of a session through once and in order, whatever the bus repeats, shuffles or loses. */
export class EventLedger {
  readonly #options: EventLedgerOptions;
  /** From the one that was quiet for longest to the one heard of last. */
  readonly #sessions = new Map<string, SessionProgress>();
  /** For a session that is not remembered: up to here everything of it is counted. */
  #settledMs = Number.NEGATIVE_INFINITY;

  constructor(options: EventLedgerOptions) {
    this.#options = options;
  }

  /** To be called for one event at a time. Never throws. */
  async admit(event: StoredSessionEvent): Promise<Admission> {
    const known = this.#sessions.get(event.sessionId);
    if (known ? event.seq <= known.seq : Date.parse(event.at) <= this.#settledMs)
      return { entries: [], outcome: 'repeated' };
    if (event.seq === (known?.seq ?? 0) + 1) return { entries: this.#enter([event], known), outcome: 'new' };
    const missing = await this.#read(event, known);
    const entries = this.#enter([...(missing ?? []), event], known);
    if (!missing) return { entries, outcome: 'gap' };
    return { entries, outcome: entries.length > 1 ? 'repaired' : 'new' };
  }

  /** The same for the next event of the stored history: it counts unless the bus has brought it. To be called one at a time. */
  async recall(event: StoredSessionEvent): Promise<Entry | null> {
    const known = this.#sessions.get(event.sessionId);
    if (known && event.seq <= known.seq) return null;
    const missing = known || event.seq === 1 ? [] : await this.#read(event, known);
    let before = known;
    for (const earlier of missing ?? []) before = advance(before, earlier);
    const after = advance(before, event);
    this.#remember(event.sessionId, after);
    return { event, before, after };
  }

  async #read(event: StoredSessionEvent, known: SessionProgress | undefined): Promise<StoredSessionEvent[] | null> {
    try {
      return await this.#options.history.between(event.sessionId, known?.seq ?? 0, event.seq);
    } catch (error) {
      // Better a number that is too small than events that pile up behind a database that is away.
      this.#options.logger.warn({ err: error, sessionId: event.sessionId, seq: event.seq }, 'missing events not read');
      return null;
    }
  }

  #enter(events: readonly StoredSessionEvent[], known: SessionProgress | undefined): Entry[] {
    const entries: Entry[] = [];
    let before = known;
    for (const event of events) {
      const after = advance(before, event);
      // What a session did before it was remembered is only told to know where it stands.
      if (known || after.atMs > this.#settledMs) entries.push({ event, before, after });
      before = after;
    }
    if (before && events[0]) this.#remember(events[0].sessionId, before);
    return entries;
  }

  #remember(sessionId: string, progress: SessionProgress): void {
    this.#sessions.delete(sessionId);
    this.#sessions.set(sessionId, progress);
    if (this.#sessions.size <= this.#options.capacity) return;
    const [oldest] = this.#sessions;
    if (!oldest) return;
    this.#sessions.delete(oldest[0]);
    this.#settledMs = Math.max(this.#settledMs, oldest[1].atMs);
  }
}

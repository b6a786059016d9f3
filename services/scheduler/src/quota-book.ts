import { LONGEST_RETRY_AFTER_MS } from '@oio/domain';

/** What is known of one model: closed until a time, or opened again before it. Instants are milliseconds since the epoch. */
export interface Bucket {
  /** provider/model. */
  readonly name: string;
  readonly resetAtMs: number;
  readonly isOpen: boolean;
  readonly closedBy: 'provider' | 'operator';
  /** What the provider said, or an operator's reason. */
  readonly said: string;
  /** Whether the provider asked for more than is believed. */
  readonly shortened: boolean;
  /** Whether sessions that name no model run with this one. */
  readonly byDefault: boolean;
  /** When this became known. */
  readonly changedAtMs: number;
}

/** What keeps a session from being started. */
export interface ClosedModel {
  readonly bucket: Bucket;
  /** In how long the next with this model may start, as far as is known now. */
  readonly waitMs: number;
  /** Whether the time is over, and sessions are let through one by one. */
  readonly isReopening: boolean;
}

/** After its reset a model that nobody has answered for lets one through each time, and all after the last. */
const GAP_MS = 5_000;
const REOPENING_MS = 60_000;
/** Each answer lets two more through, so that the number doubles; so many answers open it. */
const PER_ANSWER = 2;
const ANSWERS_ENOUGH = 8;

interface Entry {
  readonly bucket: Bucket;
  /** From when on sessions are let through. */
  readonly reopensAtMs: number;
  started: number;
  answered: number;
}

/**
 * The models that are closed. When their time is over one session is let through to see whether it is answered; each answer
 * lets two more through. All that waited at once would only be refused together again.
 */
export class QuotaBook {
  readonly #nowMs: () => number;
  readonly #closed = new Map<string, Entry>();
  /** What was decided last of each model, so that older news change nothing. */
  readonly #known = new Map<string, Bucket>();

  /** `nowMs` is by the clock that resets are told by. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get isEmpty(): boolean {
    return this.#closed.size === 0;
  }

  /** The models that not everybody may ask now. */
  get names(): readonly string[] {
    return [...this.#closed.keys()];
  }

  /** What keeps a session with this model waiting now, null when nothing does; for null, with the one that its server takes. */
  closedFor(model: string | null): ClosedModel | null {
    if (this.isEmpty) return null;
    let longest: ClosedModel | null = null;
    for (const entry of this.#entriesOf(model)) {
      const state = this.#stateOf(entry);
      if (state.waitMs > (longest?.waitMs ?? 0)) longest = state;
    }
    return longest;
  }

  /** A session with this model is started. */
  noteStart(model: string | null): void {
    if (this.isEmpty) return;
    for (const entry of this.#entriesOf(model)) entry.started += 1;
  }

  /** Takes over what is newer than what is known. Whether that changes who may start. */
  apply(news: Bucket): boolean {
    const { name, isOpen, resetAtMs } = news;
    const known = this.#known.get(name);
    if (known && !isNews(news, known)) return false;
    // Once it is known that servers take it by themselves, it stays known until it is open.
    const bucket = { ...news, byDefault: news.byDefault || (known?.byDefault === true && !known.isOpen) };
    this.#known.set(name, bucket);
    const wasClosed = this.#closed.delete(name);
    if (isOpen || resetAtMs + REOPENING_MS <= this.#nowMs()) return wasClosed;
    this.#closed.set(name, { bucket, reopensAtMs: resetAtMs, started: 0, answered: 0 });
    return true;
  }

  /** The model has answered after it was closed, at `atMs`. Returns it as it is to be known from now on; null: as before. */
  answered(name: string, atMs: number): Bucket | null {
    const entry = this.#closed.get(name);
    if (!entry) return null;
    const nowMs = this.#nowMs();
    if (entry.reopensAtMs <= nowMs) {
      entry.answered += 1;
      return entry.answered >= ANSWERS_ENOUGH ? this.#open(entry, atMs) : null;
    }
    // Whoever has closed it by hand knows why.
    if (entry.bucket.closedBy === 'operator') return null;
    const bucket = this.#open(entry, atMs);
    this.#closed.set(name, { bucket, reopensAtMs: nowMs, started: 0, answered: 1 });
    return bucket;
  }

  /** Drops what is over. Returns whether that lets anybody start. */
  forget(): boolean {
    const endedMs = this.#nowMs() - REOPENING_MS;
    let isFreed = false;
    for (const [name, { reopensAtMs }] of this.#closed) {
      if (reopensAtMs <= endedMs) isFreed = this.#closed.delete(name);
    }
    for (const [name, { resetAtMs }] of this.#known)
      if (resetAtMs <= endedMs && !this.#closed.has(name)) this.#known.delete(name);
    return isFreed;
  }

  #open({ bucket }: Entry, atMs: number): Bucket {
    const open = { ...bucket, isOpen: true, changedAtMs: atMs };
    this.#known.set(bucket.name, open);
    this.#closed.delete(bucket.name);
    return open;
  }

  #entriesOf(model: string | null): Entry[] {
    if (model === null) return [...this.#closed.values()].filter(({ bucket }) => bucket.byDefault);
    const entry = this.#closed.get(model);
    return entry ? [entry] : [];
  }

  #stateOf({ bucket, reopensAtMs, started, answered }: Entry): ClosedModel {
    const leftMs = reopensAtMs - this.#nowMs();
    if (leftMs > 0) return { bucket, waitMs: leftMs, isReopening: false };
    const passedMs = -leftMs;
    // Those that are let through beyond the answered ones, one with each gap that has begun.
    const gaps = started - PER_ANSWER * answered;
    const waitMs = Math.max(0, Math.min(REOPENING_MS, gaps * GAP_MS) - passedMs);
    return { bucket, waitMs, isReopening: true };
  }
}

/** The time that is believed: at most a day, after which it is tried whatever was said. */
export function believedReset(resetAtMs: number, atMs: number): Pick<Bucket, 'resetAtMs' | 'shortened'> {
  const longestMs = atMs + LONGEST_RETRY_AFTER_MS;
  return { resetAtMs: Math.min(resetAtMs, longestMs), shortened: resetAtMs > longestMs };
}

/** What a provider says does not undo what an operator has closed and what still holds. The database decides by the same rule. */
function isNews(bucket: Bucket, known: Bucket): boolean {
  if (bucket.changedAtMs <= known.changedAtMs) return false;
  const isHeld = known.closedBy === 'operator' && !known.isOpen && known.resetAtMs > bucket.changedAtMs;
  return bucket.closedBy === 'operator' || !isHeld;
}

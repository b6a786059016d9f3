import type { Status, StoredSessionEvent } from '@oio/contracts';
import type { StatusCount } from './ports.ts';
import type { SessionProgress } from './session-progress.ts';

/** One step of a session from a status (null: it was not there) to another (null: it is gone). */
interface Move {
  readonly atMs: number;
  readonly from: Status | null;
  readonly to: Status | null;
}

/** How many sessions there are of each status: counted in the database, and kept up by events in between. */
export class StatusCounts {
  readonly #counts = new Map<Status, number>();
  /** The events up to here are in the counts already. */
  #countedMs = Number.NEGATIVE_INFINITY;
  /** What happens while the database counts; null when it does not. */
  #meanwhile: Move[] | null = null;

  of(status: Status): number {
    return Math.max(0, this.#counts.get(status) ?? 0);
  }

  apply(event: StoredSessionEvent, before: SessionProgress | undefined): void {
    const move = moveOf(event, before);
    if (!move) return;
    this.#meanwhile?.push(move);
    this.#move(move);
  }

  /** Counts anew, so that what was missed does not stay wrong. */
  async recount(count: () => Promise<StatusCount>): Promise<StatusCount> {
    this.#meanwhile = [];
    try {
      const counted = await count();
      this.#countedMs = counted.atMs;
      this.#counts.clear();
      for (const [status, number] of Object.entries(counted.counts)) this.#counts.set(status as Status, number);
      for (const move of this.#meanwhile) this.#move(move);
      return counted;
    } finally {
      this.#meanwhile = null;
    }
  }

  #move({ atMs, from, to }: Move): void {
    if (atMs <= this.#countedMs) return;
    if (from) this.#counts.set(from, (this.#counts.get(from) ?? 0) - 1);
    if (to) this.#counts.set(to, (this.#counts.get(to) ?? 0) + 1);
  }
}

function moveOf(event: StoredSessionEvent, before: SessionProgress | undefined): Move | null {
  const atMs = Date.parse(event.at);
  if (event.type === 'session.created') return { atMs, from: null, to: 'pending' };
  if (event.type === 'session.deleted') return { atMs, from: before?.status ?? null, to: null };
  return 'to' in event.data ? { atMs, from: event.data.from, to: event.data.to } : null;
}

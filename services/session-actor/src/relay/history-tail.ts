import type { StoredSessionEvent } from '@oio/contracts';
import type { FreshEvents } from './fresh-events.ts';

/** A place in the history: a transaction, and an event in it. As text, because both go beyond what a number holds. */
export interface HistoryPlace {
  readonly xid: string;
  readonly position: string;
}

export interface HistoryPage {
  /** In the order in which they are to be published; those of one session in the order of `seq`. */
  readonly events: readonly StoredSessionEvent[];
  /** The place of the last one; null when there is none. */
  readonly end: HistoryPlace | null;
  /** Whether there was nothing behind it. */
  readonly isLast: boolean;
}

/** What keeps the history back: nothing of it is read that an open transaction could still put something before. */
export interface HoldUp {
  readonly sinceMs: number;
  readonly pid: number;
  readonly application: string;
}

/** The growing end of the history, and how far it is published. All methods throw `UnavailableError` without a database. */
export interface HistoryTail {
  /** Where to go on. What a restore from a backup has put out of order is put right before. */
  begin(): Promise<HistoryPlace>;
  /**
   * What follows, up to some hundred events; nothing that is missing there can come in before them any more. Of what is
   * fresh only the order is read.
   */
  read(after: HistoryPlace, fresh?: Pick<FreshEvents, 'take'>): Promise<HistoryPage>;
  /** Notes that everything up to there is published; a place behind the noted one changes nothing. */
  moveTo(place: HistoryPlace): Promise<void>;
  /** The age of the oldest event behind the noted place, in milliseconds; 0 without one. */
  backlogAgeMs(): Promise<number>;
  /** The oldest of the transactions that are open and older than the present one; null without any. */
  holdUp(): Promise<HoldUp | null>;
}

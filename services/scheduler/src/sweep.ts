import type { Backoff } from './backoff.ts';
import type { Board, Page } from './board.ts';
import type { SessionRow, SessionTable } from './ports.ts';
import { waitingOf } from './session-row.ts';
import type { WaitingSession } from './waiting-queue.ts';

/** As many sessions are compared in each place of the queue. */
const COMPARED = 1_000;
/** While memory fills, so many are read at once, and so many times in a run. Small pages are garbage before the heap grows for them. */
const READ_AT_ONCE = 2_000;
const PAGES_IN_A_RUN = 10;
/** More is read than the capacity, up to so many times as much, while all in memory are blocked. */
const LONGEST = 20;
/** More waits to be read. */
const READ_AGAIN_MS = 1;

export interface SweepParts {
  readonly table: SessionTable;
  readonly board: Board;
  readonly queueCapacity: number;
  /** Sessions whose dispatch was refused lately. */
  readonly refused: Backoff;
}

/**
 * Compares memory with the database: whatever an event missed, in either direction, is put right here. Each run compares
 * all holders, the head of the queue, the newest of each class, and a page that wanders through the whole queue.
 */
export class Sweep {
  readonly #parts: SweepParts;
  /** Memory is read on to its capacity once it has begun to be low. */
  #isFilling = true;
  /** Where the wandering page goes on. */
  #cursor: WaitingSession | null = null;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /** Returns in how many milliseconds it wants to be repeated, if there is a hurry. */
  async run(): Promise<number | undefined> {
    const { table, board, refused } = this.#parts;
    const marks = board.marks();
    const holders = await table.holders();
    const isNews = ({ id }: SessionRow): boolean => !refused.isCooling(id);
    // The first run reads the head only: then sessions can be dispatched.
    const isFirst = board.queue.horizon === undefined;
    const pages = [await this.#page(null, this.#headSize()), ...(this.#isFilling ? [] : [await this.#wander()])];
    board.reconcile({
      holders,
      pages: pages.map((page) => ({ ...page, rows: page.rows.filter(isNews) })),
      marks,
    });
    for (const row of await table.newest()) if (isNews(row)) board.applyRow(row);
    for (const row of await table.find(refused.rested())) board.applyRow(row);
    if (!isFirst && this.#isFilling) await this.#fill();
    this.#isFilling = this.#wantsMore();
    return this.#isFilling ? READ_AGAIN_MS : undefined;
  }

  /** The page where the last comparison ended. */
  async #wander(): Promise<Page> {
    const page = await this.#page(this.#cursor, COMPARED);
    this.#cursor = page.upTo;
    return page;
  }

  /** Pages behind what is known. */
  async #fill(): Promise<void> {
    const { board, refused } = this.#parts;
    for (let pages = 0; pages < PAGES_IN_A_RUN && this.#wantsMore(); pages += 1) {
      const { queue: mark } = board.marks();
      const page = await this.#page(board.queue.horizon ?? null, this.#readSize());
      board.fill({ ...page, rows: page.rows.filter(({ id }) => !refused.isCooling(id)) }, mark);
    }
  }

  async #page(after: WaitingSession | null, limit: number): Promise<Page> {
    const rows = await this.#parts.table.waiting({ after, limit });
    const last = rows.at(-1);
    return { after, rows, upTo: last && rows.length === limit ? waitingOf(last) : null };
  }

  #wantsMore(): boolean {
    const { board, queueCapacity } = this.#parts;
    const { queue } = board;
    if (queue.isComplete) return false;
    const isFilled = queue.size >= queueCapacity;
    return (
      queue.isLow ||
      (this.#isFilling && !isFilled) ||
      (queue.first() === undefined && queue.size < LONGEST * queueCapacity)
    );
  }

  #readSize(): number {
    return Math.min(READ_AT_ONCE, this.#parts.queueCapacity);
  }

  /** Those that are not taken in must not fill the page. */
  #headSize(): number {
    const { board, refused } = this.#parts;
    const taken = board.slots.reserved + refused.cooling().length;
    return taken + (board.queue.horizon === undefined ? this.#readSize() : Math.min(COMPARED, this.#readSize()));
  }
}

/** Reads single sessions of which an event did not say enough. */
export class LookUps {
  readonly #table: SessionTable;
  readonly #board: Board;
  #wanted = new Set<string>();

  constructor(table: SessionTable, board: Board) {
    this.#table = table;
    this.#board = board;
  }

  want(id: string): void {
    this.#wanted.add(id);
  }

  async run(): Promise<void> {
    if (this.#wanted.size === 0) return;
    const ids = [...this.#wanted];
    this.#wanted = new Set();
    for (const row of await this.#table.find(ids)) this.#board.applyRow(row);
  }
}

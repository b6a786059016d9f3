import type { Backoff } from './backoff.ts';
import type { Board, Page } from './board.ts';
import type { SessionRow, SessionTable } from './ports.ts';
import { waitingOf } from './session-row.ts';
import type { WaitingSession } from './waiting-session.ts';

/** As many sessions are compared in each place of the queue. */
const COMPARED = 1_000;
/** While memory fills, so many are read at once, and so many times in a run. Small pages are garbage before the heap grows for them. */
const READ_AT_ONCE = 500;
const PAGES_IN_A_RUN = 40;
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
 * all holders, the head of the queue, the newest of each class, and a part of the rest: a page of the database that wanders
 * through the queue, for those that memory lacks, and some rows of memory, for those that do not wait any more.
 */
export class Sweep {
  readonly #parts: SweepParts;
  /** Memory is read on to its capacity once it has begun to be low. */
  #isFilling = true;
  /** Where the wandering page goes on. */
  #cursor: WaitingSession | null = null;
  /** And where in memory. */
  #place = 0;

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /** Returns in how many milliseconds it wants to be repeated, if there is a hurry. */
  async run(): Promise<number | undefined> {
    const { table, board, refused } = this.#parts;
    const marks = board.marks();
    const holders = await table.holders();
    // The first run reads the head only: then sessions can be dispatched.
    const isFirst = board.queue.horizon === undefined;
    const head = await this.#page(null, this.#headSize());
    board.reconcile({ holders, head, marks });
    for (const row of await table.newest()) if (this.#isNews(row)) board.applyRow(row);
    for (const row of await table.find(refused.rested())) board.applyRow(row);
    if (!isFirst && this.#isFilling) await this.#fill();
    else if (!isFirst) await this.#wander();
    this.#isFilling = this.#wantsMore();
    return this.#isFilling ? READ_AGAIN_MS : undefined;
  }

  async #wander(): Promise<void> {
    const { table, board } = this.#parts;
    const page = await this.#page(this.#cursor, COMPARED);
    this.#cursor = page.upTo;
    board.fill(page);
    const { queue: mark } = board.marks();
    const { ids, next } = board.queue.someFrom(this.#place, COMPARED);
    this.#place = next;
    board.removeGone(await table.notWaiting(ids), mark);
  }

  /** Pages behind what is known. While one is taken in, the database reads the next. */
  async #fill(): Promise<void> {
    const { board } = this.#parts;
    let reading = this.#page(board.queue.horizon ?? null, this.#readSize());
    for (let pages = 1; ; pages += 1) {
      const page = await reading;
      const isLast = page.upTo === null || pages === PAGES_IN_A_RUN;
      if (!isLast) reading = this.#page(page.upTo, this.#readSize());
      board.fill(page);
      if (isLast || !this.#wantsMore()) break;
    }
    // One that is not needed any more may still be under way.
    await reading;
  }

  /** Without those whose dispatch was refused lately. */
  async #page(after: WaitingSession | null, limit: number): Promise<Page> {
    const rows = await this.#parts.table.waiting({ after, limit });
    const last = rows.at(-1);
    const upTo = last && rows.length === limit ? waitingOf(last) : null;
    return { after, rows: rows.filter((row) => this.#isNews(row)), upTo };
  }

  #isNews({ id }: SessionRow): boolean {
    return !this.#parts.refused.isCooling(id);
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
    const { board, refused, queueCapacity } = this.#parts;
    return board.slots.reserved + refused.cooling().length + Math.min(COMPARED, queueCapacity);
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

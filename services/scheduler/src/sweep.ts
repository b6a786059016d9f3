import type { Backoff } from './backoff.ts';
import type { Board } from './board.ts';
import type { SessionTable } from './ports.ts';

/** As many of the queue are compared each time; deeper ones are compared when they have come nearer. */
const COMPARED = 1_000;
/** The head of the queue is read at most this many times longer than its capacity, while all in it are blocked. */
const LONGEST = 20;

export interface SweepParts {
  readonly table: SessionTable;
  readonly board: Board;
  readonly queueCapacity: number;
  /** Sessions whose dispatch was refused lately. */
  readonly refused: Backoff;
}

/** What was read had been overtaken by what was dispatched meanwhile: too little was gained. */
const READ_AGAIN_MS = 10;

/**
 * Compares memory with the database: whatever an event missed, in either direction, is put right here. Returns in how
 * many milliseconds it wants to be repeated, if there is a hurry.
 */
export async function sweep({ table, board, queueCapacity, refused }: SweepParts): Promise<number | undefined> {
  const marks = board.marks();
  // Those that are not taken in must not fill the page.
  const limit = pageSize(board, queueCapacity) + board.slots.reserved + refused.cooling().length;
  const holders = await table.holders();
  const waiting = await table.waiting(limit);
  board.reconcile({
    holders,
    waiting: waiting.filter(({ id }) => !refused.isCooling(id)),
    isWhole: waiting.length < limit,
    marks,
  });
  return board.queue.isLow ? READ_AGAIN_MS : undefined;
}

function pageSize({ queue }: Board, capacity: number): number {
  if (queue.isLow) return capacity;
  const isStuck = !queue.isComplete && queue.first() === undefined;
  return isStuck ? Math.min(LONGEST * capacity, queue.size + capacity) : Math.min(COMPARED, capacity);
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

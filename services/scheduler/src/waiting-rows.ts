import { compareIds, readId, SessionIndex, WORDS, writeId } from './session-index.ts';

const SMALLEST = 1_024;
/** In place of the version: those of sessions begin with 1. */
const FREE = 0;

export interface WaitingRow {
  readonly version: number;
  readonly waitingSinceMs: number;
  /** When it was put here, in the counting of the queue. */
  readonly change: number;
  /** The number of its lane. */
  readonly lane: number;
}

/**
 * The waiting sessions, one row each in columns of numbers: about 60 bytes with the index, where an object with its id
 * and an entry of a map would take five times as much and the garbage collector's time.
 */
export class WaitingRows {
  readonly #index = new SessionIndex(() => this.#ids);
  readonly #free: number[] = [];
  readonly #other = new Uint32Array(WORDS);
  #end = 0;
  #ids = new Uint32Array(WORDS * SMALLEST);
  #versions = new Uint32Array(SMALLEST);
  #since = new Float64Array(SMALLEST);
  #changes = new Float64Array(SMALLEST);
  #lanes = new Uint32Array(SMALLEST);
  /** Where each row stands in the heap of its lane. */
  places = new Uint32Array(SMALLEST);

  get size(): number {
    return this.#end - this.#free.length;
  }

  /** -1 when it is not here. */
  find(id: string): number {
    return this.#index.find(id);
  }

  add(id: string, { version, waitingSinceMs, change, lane }: WaitingRow): number {
    const row = this.#free.pop() ?? this.#append();
    writeId(id, this.#ids, WORDS * row);
    this.#versions[row] = version;
    this.#since[row] = waitingSinceMs;
    this.#changes[row] = change;
    this.#lanes[row] = lane;
    this.#index.add(row);
    return row;
  }

  delete(row: number): void {
    this.#index.delete(row);
    this.#versions[row] = FREE;
    this.#free.push(row);
  }

  /** So many rows that hold a session, from this one on. */
  usedFrom(start: number, count: number): number[] {
    const rows: number[] = [];
    for (let row = start; row < this.#end && rows.length < count; row += 1)
      if (this.#versions[row] !== FREE) rows.push(row);
    return rows;
  }

  idOf(row: number): string {
    return readId(this.#ids, WORDS * row);
  }

  version(row: number): number {
    return this.#versions[row] ?? 0;
  }

  change(row: number): number {
    return this.#changes[row] ?? 0;
  }

  since(row: number): number {
    return this.#since[row] ?? 0;
  }

  lane(row: number): number {
    return this.#lanes[row] ?? 0;
  }

  /** Who has waited longer, then the id, so that the order is total. */
  compare(a: number, b: number): number {
    return this.since(a) - this.since(b) || compareIds(this.#ids, WORDS * a, WORDS * b);
  }

  /** The same with one that may be no row. */
  compareTo(row: number, { waitingSinceMs, id }: Pick<WaitingRow, 'waitingSinceMs'> & { readonly id: string }): number {
    const difference = this.since(row) - waitingSinceMs;
    if (difference !== 0) return difference;
    writeId(id, this.#other, 0);
    return compareIds(this.#ids, WORDS * row, 0, this.#other);
  }

  #append(): number {
    if (this.#end === this.#versions.length) this.#grow();
    this.#end += 1;
    return this.#end - 1;
  }

  #grow(): void {
    const length = 2 * this.#versions.length;
    this.#ids = enlarged(this.#ids, new Uint32Array(WORDS * length));
    this.#versions = enlarged(this.#versions, new Uint32Array(length));
    this.#since = enlarged(this.#since, new Float64Array(length));
    this.#changes = enlarged(this.#changes, new Float64Array(length));
    this.#lanes = enlarged(this.#lanes, new Uint32Array(length));
    this.places = enlarged(this.places, new Uint32Array(length));
  }
}

function enlarged<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

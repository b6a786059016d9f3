import { type Lane, laneFacts, type LaneFacts, laneKey } from './lane.ts';
import { RowHeap } from './row-heap.ts';
import type { WaitingRows } from './waiting-rows.ts';

/** The lanes that hold sessions, by what they depend on and by a number that rows name them by. */
export class Lanes {
  readonly #rows: WaitingRows;
  readonly #byKey = new Map<string, Lane>();
  readonly #byNumber: (Lane | undefined)[] = [];
  readonly #freeNumbers: number[] = [];

  constructor(rows: WaitingRows) {
    this.#rows = rows;
  }

  all(): Iterable<Lane> {
    return this.#byKey.values();
  }

  get(key: string): Lane | undefined {
    return this.#byKey.get(key);
  }

  /** The lane of a number that a row names. */
  at(number: number): Lane {
    return this.#byNumber[number] as Lane;
  }

  /** The lane for such sessions, opened if there is none. */
  of(facts: LaneFacts): Lane {
    return this.#byKey.get(laneKey(facts)) ?? this.#open(facts);
  }

  close({ key, number }: Lane): void {
    this.#byKey.delete(key);
    this.#byNumber[number] = undefined;
    this.#freeNumbers.push(number);
  }

  #open(facts: LaneFacts): Lane {
    const number = this.#freeNumbers.pop() ?? this.#byNumber.length;
    const key = laneKey(facts);
    const lane: Lane = { number, key, facts: laneFacts(facts), rows: new RowHeap(this.#rows), blockedBy: null };
    this.#byKey.set(key, lane);
    this.#byNumber[number] = lane;
    return lane;
  }
}

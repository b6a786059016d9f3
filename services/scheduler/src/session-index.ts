/** The 32-bit words of an id. */
export const WORDS = 4;
const SMALLEST = 1_024;

const HYPHEN = 45;
const NINE = 57;

/** Writes a UUID as four numbers that compare as the text does. Makes no strings: it is done several times for each row of a sweep. */
export function writeId(id: string, words: Uint32Array, at: number): void {
  let digits = 0;
  let word = 0;
  for (let index = 0; index < id.length; index += 1) {
    const code = id.charCodeAt(index);
    if (code === HYPHEN) continue;
    word = (word << 4) | valueOf(code);
    digits += 1;
    if (digits % 8 === 0) words[at + digits / 8 - 1] = word;
  }
}

/** Of a hexadecimal digit; letters are small or large. */
function valueOf(code: number): number {
  return code <= NINE ? code & 15 : (code & 15) + 9;
}

/** Below 0 when the id in the words stands before the other one. */
export function compareIds(words: Uint32Array, at: number, otherAt: number, others = words): number {
  for (let word = 0; word < WORDS; word += 1) {
    const [left, right] = [words[at + word] ?? 0, others[otherAt + word] ?? 0];
    if (left !== right) return left - right;
  }
  return 0;
}

export function readId(words: Uint32Array, at: number): string {
  const hex = (word: number): string => (words[at + word] ?? 0).toString(16).padStart(8, '0');
  const [first, second, third, fourth] = [hex(0), hex(1), hex(2), hex(3)];
  return `${first}-${second.slice(0, 4)}-${second.slice(4)}-${third.slice(0, 4)}-${third.slice(4)}${fourth}`;
}

/**
 * Finds the row of an id: open addressing with linear probing over the ids in the rows themselves. A map of a million
 * strings would take more than the whole rest of the queue.
 */
export class SessionIndex {
  readonly #idsOf: () => Uint32Array;
  readonly #sought = new Uint32Array(WORDS);
  /** Row numbers plus one; 0 is free. Never more than half full. */
  #places = new Uint32Array(2 * SMALLEST);
  #size = 0;

  /** `idsOf` gives the words of the ids, by row. */
  constructor(idsOf: () => Uint32Array) {
    this.#idsOf = idsOf;
  }

  /** The row with this id; -1 when there is none. */
  find(id: string): number {
    writeId(id, this.#sought, 0);
    const ids = this.#idsOf();
    for (let place = this.#home(this.#sought, 0); ; place = this.#after(place)) {
      const row = (this.#places[place] ?? 0) - 1;
      if (row < 0 || isSame(ids, WORDS * row, this.#sought)) return row;
    }
  }

  /** The row must hold its id already, and no other row the same. */
  add(row: number): void {
    this.#size += 1;
    if (2 * this.#size > this.#places.length) this.#grow();
    this.#put(row);
  }

  /** The row must still hold its id. Moves those up that stand behind the gap because of it. */
  delete(row: number): void {
    const ids = this.#idsOf();
    let gap = this.#home(ids, WORDS * row);
    while (this.#places[gap] !== row + 1) gap = this.#after(gap);
    const mask = this.#places.length - 1;
    for (let place = this.#after(gap); this.#places[place] !== 0; place = this.#after(place)) {
      const home = this.#home(ids, WORDS * ((this.#places[place] ?? 0) - 1));
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      this.#places[gap] = this.#places[place] ?? 0;
      gap = place;
    }
    this.#places[gap] = 0;
    this.#size -= 1;
  }

  #put(row: number): void {
    let place = this.#home(this.#idsOf(), WORDS * row);
    while (this.#places[place] !== 0) place = this.#after(place);
    this.#places[place] = row + 1;
  }

  #grow(): void {
    const rows = this.#places.filter((place) => place !== 0);
    this.#places = new Uint32Array(2 * this.#places.length);
    for (const place of rows) this.#put(place - 1);
  }

  #after(place: number): number {
    return (place + 1) & (this.#places.length - 1);
  }

  /** The last words of a UUID are the random ones; the multiplication spreads those that are counted up. */
  #home(words: Uint32Array, at: number): number {
    const mixed = Math.imul((words[at + 3] ?? 0) ^ (words[at + 2] ?? 0), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (this.#places.length - 1);
  }
}

function isSame(ids: Uint32Array, at: number, sought: Uint32Array): boolean {
  for (let word = 0; word < WORDS; word += 1) if (ids[at + word] !== sought[word]) return false;
  return true;
}

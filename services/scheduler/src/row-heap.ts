import type { WaitingRows } from './waiting-rows.ts';

const SMALLEST = 4;

/**
 * The rows of one lane as a binary heap, the one that has waited longest on top. Every change costs O(log n). A column of numbers, not
 * an array: that takes twice as much, and of the heap that the collector leaves as much again unused.
 */
export class RowHeap {
  readonly #rows: WaitingRows;
  #items = new Uint32Array(SMALLEST);
  #size = 0;

  constructor(rows: WaitingRows) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#size;
  }

  /** Those for which it is so, in no order; each is looked at. */
  filter(isSo: (row: number) => boolean): number[] {
    return Array.from(this.#items.subarray(0, this.#size).filter(isSo));
  }

  /** Those for which it is so, in no order. Of who has waited longer it must be so as well: no others are looked at. */
  until(isSo: (row: number) => boolean): number[] {
    const found: number[] = [];
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const row = this.#at(place);
      if (place >= this.#size || !isSo(row)) continue;
      found.push(row);
      places.push(2 * place + 1, 2 * place + 2);
    }
    return found;
  }

  /** Only when there is one. */
  peek(): number {
    return this.#size > 0 ? this.#at(0) : -1;
  }

  add(row: number): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#size += 1;
    this.#put(row, this.#rise(row, this.#size - 1));
  }

  delete(row: number): void {
    const place = this.#rows.places[row] ?? 0;
    this.#size -= 1;
    const last = this.#at(this.#size);
    if (last === row) return;
    const risen = this.#rise(last, place);
    this.#put(last, risen === place ? this.#sink(last, place) : risen);
  }

  /** Where the row belongs when it stands at this place or above; those that it passes move down. */
  #rise(row: number, start: number): number {
    let place = start;
    while (place > 0) {
      const parent = this.#at((place - 1) >> 1);
      if (this.#rows.compare(parent, row) <= 0) break;
      this.#put(parent, place);
      place = (place - 1) >> 1;
    }
    return place;
  }

  #sink(row: number, start: number): number {
    let place = start;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#size) return place;
      const isRight = left + 1 < this.#size && this.#compareAt(left + 1, left) < 0;
      const child = this.#at(isRight ? left + 1 : left);
      if (this.#rows.compare(row, child) <= 0) return place;
      this.#put(child, place);
      place = isRight ? left + 1 : left;
    }
  }

  #compareAt(a: number, b: number): number {
    return this.#rows.compare(this.#at(a), this.#at(b));
  }

  #at(place: number): number {
    return this.#items[place] ?? 0;
  }

  #grow(): void {
    const items = new Uint32Array(2 * this.#items.length);
    items.set(this.#items);
    this.#items = items;
  }

  #put(row: number, place: number): void {
    this.#items[place] = row;
    this.#rows.places[row] = place;
  }
}

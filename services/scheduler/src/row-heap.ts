import type { WaitingRows } from './waiting-rows.ts';

/** The rows of one lane as a binary heap, the one that has waited longest on top. Every change costs O(log n). */
export class RowHeap {
  readonly #rows: WaitingRows;
  readonly #items: number[] = [];

  constructor(rows: WaitingRows) {
    this.#rows = rows;
  }

  get size(): number {
    return this.#items.length;
  }

  /** In no order. */
  get items(): readonly number[] {
    return this.#items;
  }

  /** Those for which it is so, in no order. Of who has waited longer it must be so as well: no others are looked at. */
  until(isSo: (row: number) => boolean): number[] {
    const found: number[] = [];
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      const row = this.#items[place];
      if (row === undefined || !isSo(row)) continue;
      found.push(row);
      places.push(2 * place + 1, 2 * place + 2);
    }
    return found;
  }

  /** Only when there is one. */
  peek(): number {
    return this.#items[0] ?? -1;
  }

  add(row: number): void {
    this.#items.push(row);
    this.#put(row, this.#rise(row, this.#items.length - 1));
  }

  delete(row: number): void {
    const place = this.#rows.places[row] ?? 0;
    const last = this.#items.pop() ?? row;
    if (last === row) return;
    const risen = this.#rise(last, place);
    this.#put(last, risen === place ? this.#sink(last, place) : risen);
  }

  /** Where the row belongs when it stands at this place or above; those that it passes move down. */
  #rise(row: number, start: number): number {
    let place = start;
    while (place > 0) {
      const parent = this.#items[(place - 1) >> 1] ?? 0;
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
      if (left >= this.#items.length) return place;
      const isRight = left + 1 < this.#items.length && this.#compareAt(left + 1, left) < 0;
      const child = this.#items[isRight ? left + 1 : left] ?? 0;
      if (this.#rows.compare(row, child) <= 0) return place;
      this.#put(child, place);
      place = isRight ? left + 1 : left;
    }
  }

  #compareAt(a: number, b: number): number {
    return this.#rows.compare(this.#items[a] ?? 0, this.#items[b] ?? 0);
  }

  #put(row: number, place: number): void {
    this.#items[place] = row;
    this.#rows.places[row] = place;
  }
}

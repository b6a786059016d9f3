export interface KeyedHeapOptions<T> {
  readonly keyOf: (item: T) => string;
  /** Negative when `a` comes before `b`. */
  readonly compare: (a: T, b: T) => number;
}

/** A binary heap from which items can also be taken out by key. Every change costs O(log n). */
export class KeyedHeap<T> {
  readonly #keyOf: (item: T) => string;
  readonly #compare: (a: T, b: T) => number;
  readonly #items: T[] = [];
  readonly #places = new Map<string, number>();

  constructor({ keyOf, compare }: KeyedHeapOptions<T>) {
    this.#keyOf = keyOf;
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** Puts the item in, in place of the one with the same key; also after the item's order has changed. */
  set(item: T): void {
    const place = this.#places.get(this.#keyOf(item)) ?? this.#items.length;
    this.#put(item, place);
    this.#settle(place);
  }

  delete(key: string): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    const last = this.#items.pop() as T;
    this.#places.delete(key);
    if (place < this.#items.length) {
      this.#put(last, place);
      this.#settle(place);
    }
    return true;
  }

  #settle(place: number): void {
    this.#sink(this.#rise(place));
  }

  #rise(start: number): number {
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#ordered(parent, place)) break;
      this.#swap(parent, place);
      place = parent;
    }
    return place;
  }

  #sink(start: number): void {
    let place = start;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#items.length) return;
      const child = left + 1 < this.#items.length && !this.#ordered(left, left + 1) ? left + 1 : left;
      if (this.#ordered(place, child)) return;
      this.#swap(place, child);
      place = child;
    }
  }

  #ordered(a: number, b: number): boolean {
    return this.#compare(this.#items[a] as T, this.#items[b] as T) <= 0;
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a] as T;
    this.#put(this.#items[b] as T, a);
    this.#put(item, b);
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    this.#places.set(this.#keyOf(item), place);
  }
}

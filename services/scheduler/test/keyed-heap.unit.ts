import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { KeyedHeap } from '../src/keyed-heap.ts';

interface Item {
  readonly key: string;
  readonly rank: number;
}

const compare = (a: Item, b: Item): number => a.rank - b.rank || a.key.localeCompare(b.key);
const change = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'),
  rank: fc.integer({ min: 0, max: 5 }),
  isRemoved: fc.boolean(),
});

test('whatever is put in, replaced and taken out, the first comes first', (t) => {
  const property = fc.property(fc.array(change, { maxLength: 100 }), (changes) => {
    const heap = new KeyedHeap<Item>({ keyOf: ({ key }) => key, compare });
    const model = new Map<string, Item>();
    return changes.every(({ isRemoved, ...item }) => {
      if (isRemoved && heap.delete(item.key) !== model.delete(item.key)) return false;
      if (!isRemoved) heap.set(item);
      if (!isRemoved) model.set(item.key, item);
      const [first] = [...model.values()].sort(compare);
      return heap.size === model.size && isDeepStrictEqual(heap.peek(), first);
    });
  });
  t.notThrows(() => fc.assert(property));
});

import test from 'ava';
import { withoutEffect } from './assess.ts';
import type { Strike } from './schedule.ts';

test('a fault of its own that met nothing is told, unless it struck another time', (t) => {
  t.deepEqual(withoutEffect([strike('a', 0), strike('b', 2), strike('b', 0)], false), ['a never struck']);
});

test('in a mix up to a quarter of the faults may have met nothing', (t) => {
  const struck = ['b', 'c', 'd'].map((fault) => strike(fault, 1));
  t.deepEqual(withoutEffect([strike('a', 0), ...struck], true), []);
  t.deepEqual(withoutEffect([strike('a', 0), strike('e', 0), ...struck], true), ['a never struck', 'e never struck']);
});

function strike(fault: string, times: number): Strike {
  return { window: { fault, from: 0, to: 1 }, effect: { times }, problem: null };
}

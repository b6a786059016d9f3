import { inspect, isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { RUNS } from './property-runs.ts';
import { play, type Scene, type Story, stories } from './random-histories.ts';

/** The property holds for what happens to each session of any story. */
export function always(title: string, holds: (scenes: readonly Scene[]) => void): void {
  test(title, (t: ExecutionContext) => {
    const property = fc.property(stories, (story: Story) => {
      for (const scenes of play(story).values()) holds(scenes);
    });
    t.notThrows(() => fc.assert(property, RUNS));
  });
}

export function lastOf(scenes: readonly Scene[]): Scene {
  const last = scenes.at(-1);
  if (!last) throw new Error('Nothing happened.');
  return last;
}

/** JSON with sorted keys: the same for whatever order a store keeps them in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** What a property asks for. */
export function ok(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function equal(actual: unknown, expected: unknown, message = 'They differ'): void {
  if (!isDeepStrictEqual(actual, expected))
    throw new Error(`${message}: ${inspect(actual, { depth: 6 })} is not ${inspect(expected, { depth: 6 })}`);
}

import { setTimeout as delay } from 'node:timers/promises';

/** Asks again and again until the answer is something else than null, undefined or false. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  { withinMs = 60_000, everyMs = 100, what = 'it' }: { withinMs?: number; everyMs?: number; what?: string } = {},
): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`Waited ${withinMs} ms in vain for ${what}`);
    await delay(everyMs);
  }
}

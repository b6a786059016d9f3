import { setTimeout as delay } from 'node:timers/promises';

/** Asks `check` again and again until it answers something; undefined when it did not do so within `withinMs`. */
export async function pollFor<T>(
  check: () => Promise<T | undefined>,
  { withinMs, everyMs = 15 }: { readonly withinMs: number; readonly everyMs?: number },
): Promise<T | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined || performance.now() >= deadline) return answer;
    await delay(everyMs);
  }
}

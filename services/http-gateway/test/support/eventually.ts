import { setTimeout as pause } from 'node:timers/promises';

/** Asks until a condition holds; throws when it does not in time. */
export async function eventually(holds: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`The condition did not come to hold within ${withinMs} ms.`);
    await pause(20);
  }
}

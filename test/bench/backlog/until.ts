import { setTimeout as pause } from 'node:timers/promises';

/** Returns whether it is so before the time is over. */
export async function until(
  isSo: () => Promise<boolean>,
  { withinMs, lookMs }: { readonly withinMs: number; readonly lookMs: number },
): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    if (await isSo()) return true;
    await pause(lookMs);
  }
  return false;
}

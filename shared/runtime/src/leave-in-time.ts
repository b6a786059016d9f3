import { setTimeout as pause } from 'node:timers/promises';

/** What others are asked may take minutes to be given up; whoever stops this process waits for a few seconds. */
const PATIENCE_MS = 3_000;

/**
 * Waits for something that is to end with a service, but no longer than `withinMs` (default 3,000). What is left of it then
 * fails when the connections close, and is found or asked again by others. Throws what the task throws in time.
 */
export async function leaveInTime(task: Promise<unknown>, withinMs = PATIENCE_MS): Promise<void> {
  const over = new AbortController();
  const late = pause(withinMs, undefined, { signal: over.signal }).catch(() => {});
  await Promise.race([task, late]).finally(() => over.abort());
}

import { setTimeout as pause } from 'node:timers/promises';

/** What an OpenCode server is asked may take minutes to be given up; whoever stops this process waits for a few seconds. */
const PATIENCE_MS = 3_000;

/** Waits for something that is to end with this process, but not for long. What is left of it fails when the connections close. */
export async function leaveInTime(task: Promise<unknown>): Promise<void> {
  await Promise.race([task, pause(PATIENCE_MS, undefined, { ref: false })]);
}

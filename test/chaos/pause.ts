import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or less when the signal is given. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => {});
}

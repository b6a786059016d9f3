import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or less when the signal is given. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => {});
}

/**
 * Aborted with the signal, and when the time is up. Not by `AbortSignal.any` with `AbortSignal.timeout`: who only looks now and then whether
 * that is aborted does not learn it once the memory was cleared up.
 */
export function untilTimeIsUp(signal: AbortSignal, withinMs: number): AbortSignal {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort('time is up'), withinMs).unref();
  const end = (): void => {
    clearTimeout(timer);
    over.abort(signal.reason);
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end);
  return over.signal;
}

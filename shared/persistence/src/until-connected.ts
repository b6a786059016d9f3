import { setTimeout as pause } from 'node:timers/promises';
import { absence, reasonOf, refusalOf } from './startup-refusal.ts';

/** How often a connection is tried at start-up, and the first pause between two tries; each further one is twice as long. */
const CONNECT = { tries: 3, firstPauseMs: 1_000 } as const;
/** The longest pause of those who wait on. */
const LONGEST_PAUSE_MS = 5_000;

/** One vain try of a process that waits for its database. */
export interface Waiting {
  readonly tries: number;
  readonly waitedMs: number;
  /** In a few words, without secrets. */
  readonly reason: string;
}

export interface WaitOptions {
  /** How long a database may be late, in milliseconds, `Infinity` included. Default: three tries, 1 and 2 s apart. */
  readonly waitMs?: number;
  /** Told of each vain try after which another follows. */
  readonly onWaiting?: (waiting: Waiting) => void;
  /** Ends the wait; what it was aborted with is thrown. */
  readonly signal?: AbortSignal;
}

/** Tries until it succeeds. Throws StartupError, at once when waiting cannot help. */
export async function untilConnected(url: string, options: WaitOptions, task: () => Promise<void>): Promise<void> {
  const { waitMs, onWaiting = () => {}, signal } = options;
  const beganAtMs = performance.now();
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      const refusal = refusalOf(error, url);
      if (refusal) throw refusal;
      const waitedMs = performance.now() - beganAtMs;
      if (waitMs === undefined ? tries >= CONNECT.tries : waitedMs >= waitMs) throw absence(error, url);
      onWaiting({ tries, waitedMs, reason: reasonOf(error) });
    }
    const pauseMs = Math.min(CONNECT.firstPauseMs * 2 ** (tries - 1), LONGEST_PAUSE_MS);
    await pause(pauseMs, undefined, signal && { signal }).catch(() => {});
  }
}

import { type Logger, unlessAborted } from '@oio/runtime';
import type { Readiness } from './readiness.ts';

/** A dependency that is there at once is worth no line. */
const FIRST_AFTER_MS = 2_000;
const AGAIN_EVERY_MS = 15_000;

export interface WaitParts {
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** Aborts when the process shall stop. */
  readonly stopping: AbortSignal;
}

/**
 * Waits for a dependency that may come late, and says so: in the readiness report at once, in the log once in a while.
 * `open` tells of each vain try why it was in vain. Throws what it throws, or the reason of `stopping` when that comes
 * first: whatever is opened after that is left to the end of the process.
 */
export async function announceWait<T>(
  what: string,
  { logger, readiness, stopping }: WaitParts,
  open: (onVain: (reason: string) => void) => Promise<T>,
): Promise<T> {
  const startedAtMs = performance.now();
  let announced = false;
  let reason = 'it does not answer';
  const announce = (): void => {
    announced = true;
    const forSeconds = Math.round((performance.now() - startedAtMs) / 1_000);
    logger.warn({ dependency: what, reason, forSeconds }, 'waiting for a dependency');
  };
  const first = setTimeout(announce, FIRST_AFTER_MS);
  const repeated = setInterval(announce, AGAIN_EVERY_MS);
  readiness.waitFor(`Waiting for ${what}.`);
  try {
    const opening = open((why) => {
      reason = why;
    });
    const opened = await unlessAborted(opening, stopping);
    if (announced) logger.info({ dependency: what }, 'dependency is there');
    return opened;
  } finally {
    clearTimeout(first);
    clearInterval(repeated);
    readiness.waitFor(null);
  }
}

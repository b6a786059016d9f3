import { AppError } from '@oio/errors';
import type { TurnParts } from './turn-parts.ts';
import { type StoppedTurn, stopTurn } from './stop-turn.ts';

/** The failure is not held up for longer: the end is looked for after it as well. */
const STOP_MS = 10_000;

type Parts = Pick<TurnParts, 'link' | 'ref' | 'endProcesses' | 'limits' | 'logger' | 'signal'>;

/** Ends a turn that its own run gives up. Null when there is no proof that nothing of it works any more. */
export async function stopHungTurn(parts: Parts): Promise<StoppedTurn | null> {
  const { link, ref, endProcesses, limits, logger, signal } = parts;
  const proveWithinMs = Math.min(STOP_MS, limits.stopMs);
  try {
    // It was seen at work: an abort has its effect at once.
    return await stopTurn(() => link.agent(), ref, { sentAtMs: null, endProcesses, signal, proveWithinMs });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    logger.warn({ err: error, openCodeSessionId: ref.sessionId }, 'turn not stopped');
    return null;
  }
}

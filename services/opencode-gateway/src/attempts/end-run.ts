import type { StopProof } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import { AppError, CancelledError } from '@oio/errors';
import type { Logger } from '@oio/runtime';
import type { ServerLink } from '../server-link.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { Reporter } from './report.ts';
import type { RunState } from './run-state.ts';
import { nothingToStop, proofInWords, type StopOptions, stopTurn } from './stop-turn.ts';

export interface RunEnd extends StopOptions {
  /** Behind the gate of the run. */
  readonly link: ServerLink;
  /** The conversation of the run; null when it had not opened one. */
  readonly ref: SessionRef | null;
  readonly sessionId: string;
  readonly reporter: Reporter;
  /** Tells what the turn took and is not told of yet. */
  readonly settle?: RunState['settle'];
  /** Takes the server out of service, for that reason. */
  readonly suspend: (why: string) => Promise<void>;
  readonly logger: Logger;
}

/**
 * Ends a run and tells its owner the proof. When there is none in time, the server is taken out of service first, and then
 * the owner told; whether it was proven. Throws when others act for the session.
 */
export async function endRun(end: RunEnd): Promise<boolean> {
  const { ref, reporter, logger, sessionId } = end;
  const stop = ref ? await stopped(end, ref).catch(whyNot) : nothingToStop();
  if (typeof stop === 'string') {
    await unconfirmed(end, stop);
    return false;
  }
  if (!stop.conversationDeleted) await settled(end);
  const proof = proofInWords(stop);
  await reporter.report('report-closed', 'closed', { proof, stop });
  logger.info({ sessionId, proof }, 'run ended');
  return true;
}

async function stopped(end: RunEnd, ref: SessionRef): Promise<StopProof> {
  return (await stopTurn(() => end.link.agent(), ref, end)).proof;
}

/** A turn that is not told of to its end has ended all the same. */
async function settled({ link, settle, reporter, logger, sessionId }: RunEnd): Promise<void> {
  await settle?.(link.agent(), reporter).catch((error: unknown) => {
    logger.warn({ err: error, sessionId }, 'last steps of a stopped turn not told');
  });
}

/** Whatever the server says: all that counts is that there is no proof. */
function whyNot(error: unknown): string {
  if (!(error instanceof AppError) || error instanceof CancelledError) throw error;
  return error.message;
}

/** Says that nobody can show that a run has ended. */
export async function unconfirmed(
  {
    link,
    sessionId,
    reporter,
    suspend,
    logger,
  }: Pick<RunEnd, 'link' | 'sessionId' | 'reporter' | 'suspend' | 'logger'>,
  why: string,
): Promise<void> {
  logger.warn({ sessionId, serverId: link.serverId, why }, 'stop not confirmed');
  await suspend(`It could not be shown that the turn of session ${sessionId} has ended: ${why}`);
  await reporter.report('report-unconfirmed', 'unconfirmed', { failure: failureOf('stop_unconfirmed', why) });
}

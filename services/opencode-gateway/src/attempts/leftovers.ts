import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Logger } from '@oio/runtime';
import type { ServerLink } from '../server-link.ts';
import type { Attempts } from './attempts.ts';
import { stopTurn } from './stop-turn.ts';

/** A run whose session no longer works, but of which nobody has shown that it ended. */
export interface LeftoverRun {
  readonly sessionId: string;
  readonly tenant: string;
  readonly token: string;
  readonly openCodeSessionId: string | null;
  readonly directory: string | null;
}

/** Finds such runs of a server, in the store. */
export interface LeftoverRuns {
  of(serverId: string): Promise<readonly LeftoverRun[]>;
}

export interface LeftoverParts {
  readonly link: ServerLink;
  readonly runs: LeftoverRuns;
  readonly attempts: Attempts;
  readonly router: SessionRouter;
  readonly logger: Logger;
}

/** Ends what was to be aborted when nobody was there to do it: after a crash between the decision and the deed. */
export async function endLeftovers(parts: LeftoverParts): Promise<void> {
  const { link, runs, attempts, logger } = parts;
  if (!link.up) return;
  const leftovers = (await runs.of(link.serverId)).filter(({ sessionId }) => !attempts.has(sessionId));
  for (const run of leftovers) {
    await end(parts, run).catch((error: unknown) => {
      logger.warn({ err: error, sessionId: run.sessionId, run: run.token }, 'leftover run not ended');
    });
  }
}

async function end({ link, router, logger }: LeftoverParts, run: LeftoverRun): Promise<void> {
  const { sessionId, tenant, token, openCodeSessionId, directory } = run;
  const begun = openCodeSessionId !== null && directory !== null;
  const proof = begun
    ? await stopTurn(link.agent(), { sessionId: openCodeSessionId, directory }, { sentAtMs: null })
    : 'It had not begun.';
  const envelope = serviceEnvelope('opencode-gateway', { tenant, id: `report-closed:${token}:closed` });
  await router.send('report-closed', { token, proof }, { ...envelope, sessionId });
  logger.info({ sessionId, run: token, proof }, 'leftover run ended');
}

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
export async function endLeftovers({ link, runs, attempts, router, logger }: LeftoverParts): Promise<void> {
  if (!link.up) return;
  for (const run of await runs.of(link.serverId)) {
    if (attempts.has(run.sessionId)) continue;
    const { openCodeSessionId, directory } = run;
    const proof =
      openCodeSessionId && directory
        ? await stopTurn(link.agent(), { sessionId: openCodeSessionId, directory })
        : 'It had not begun.';
    const envelope = {
      ...serviceEnvelope('opencode-gateway', { tenant: run.tenant, id: `report-closed:${run.token}:closed` }),
      sessionId: run.sessionId,
    };
    await router.send('report-closed', { token: run.token, proof }, envelope);
    logger.info({ sessionId: run.sessionId, token: run.token, proof }, 'leftover run ended');
  }
}

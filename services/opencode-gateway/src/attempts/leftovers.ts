import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Logger } from '@oio/runtime';
import type { ServerLink } from '../server-link.ts';
import type { Attempts } from './attempts.ts';
import type { Authority, Gate } from './gate.ts';
import { createRunGate, gatedLink, RunAuthority } from './run-gate.ts';
import { stopTurn } from './stop-turn.ts';

/** A run whose session no longer works, but of which nobody has shown that it ended. */
export interface LeftoverRun extends Authority {
  readonly sessionId: string;
  readonly tenant: string;
  readonly token: string;
  readonly openCodeSessionId: string | null;
  readonly directory: string | null;
}

/** Finds such runs of a server in the store, and makes this gateway the one that acts for them. */
export interface LeftoverRuns {
  claim(serverId: string): Promise<readonly LeftoverRun[]>;
}

export interface LeftoverParts {
  readonly link: ServerLink;
  readonly runs: LeftoverRuns;
  readonly attempts: Pick<Attempts, 'has'>;
  readonly gate: Gate;
  readonly router: SessionRouter;
  readonly logger: Logger;
}

const STOP_MS = 60_000;

/** Ends what was to be aborted when nobody was there to do it: after a crash between the decision and the deed. */
export async function endLeftovers(parts: LeftoverParts): Promise<void> {
  const { link, runs, attempts, logger } = parts;
  if (!link.up) return;
  const leftovers = (await runs.claim(link.serverId)).filter(({ sessionId }) => !attempts.has(sessionId));
  for (const run of leftovers) {
    await end(parts, run).catch((error: unknown) => {
      logger.warn({ err: error, sessionId: run.sessionId, run: run.token }, 'leftover run not ended');
    });
  }
}

async function end({ link, gate, router, logger }: LeftoverParts, run: LeftoverRun): Promise<void> {
  const { sessionId, tenant, token, openCodeSessionId, directory } = run;
  const begun = openCodeSessionId !== null && directory !== null;
  const runGate = createRunGate({ gate, sessionId, token, authority: new RunAuthority(run) });
  const proof = begun
    ? await stopTurn(
        gatedLink(link, runGate, AbortSignal.timeout(STOP_MS)).agent(),
        { sessionId: openCodeSessionId, directory },
        { sentAtMs: null },
      )
    : 'It had not begun.';
  const envelope = serviceEnvelope('opencode-gateway', { tenant, id: `report-closed:${token}:closed` });
  await router.send('report-closed', { token, proof }, { ...envelope, sessionId });
  logger.info({ sessionId, run: token, proof }, 'leftover run ended');
}

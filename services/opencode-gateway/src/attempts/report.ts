import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptOrder, CommandReply, SessionCommandName, sessionCommands } from '@oio/contracts';
import { AppError, CancelledError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { z } from 'zod';

type ReportName = Extract<SessionCommandName, `report-${string}`>;
type ReportPayload<N extends ReportName> = Omit<z.input<(typeof sessionCommands)[N]['payload']>, 'token'>;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** The owner no longer counts with this run: somebody stopped or paused it, or another run has begun. */
export class StaleRunError extends CancelledError {}

/** Tells the owner of the session what happens to its attempt. */
export interface Reporter {
  /**
   * Delivered before it resolves, however long that takes, with the session's status then. `about` makes the command id, so
   * that a repetition has no second effect. Throws `StaleRunError` when a report that moves the turn on comes too late.
   */
  report<N extends ReportName>(name: N, about: string, payload: ReportPayload<N>): Promise<CommandReply['status']>;
}

/** Reports that say how the turn goes on; the others may come late without harm. */
const DECISIVE: ReadonlySet<ReportName> = new Set([
  'report-prepared',
  'report-step',
  'report-completed',
  'report-failed',
]);

export function createReporter(
  router: SessionRouter,
  order: Pick<AttemptOrder, 'sessionId' | 'tenant' | 'token'>,
  signal: AbortSignal,
): Reporter {
  return {
    async report(name, about, payload) {
      const envelope = {
        ...serviceEnvelope('opencode-gateway', { tenant: order.tenant, id: `${name}:${order.token}:${idPart(about)}` }),
        sessionId: order.sessionId,
      };
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        try {
          const { outcome, status } = await router.send(name, { ...payload, token: order.token } as never, envelope);
          if (outcome === 'stale' && DECISIVE.has(name))
            throw new StaleRunError(`Run ${order.token} of session ${order.sessionId} is over.`, { code: 'stale_run' });
          return status;
        } catch (error) {
          if (!(error instanceof AppError && error.retryable)) throw error;
          await delay(pauseMs, undefined, { signal });
        }
      }
    },
  };
}

/** Free text, as that of a warning, may hold what no id may, and be longer than one: its hash stands for it. */
function idPart(about: string): string {
  return /^[\w.-]{1,100}$/.test(about) ? about : createHash('sha256').update(about).digest('base64url');
}

import { metricsExposition, sessionMetrics } from '@oio/contracts';
import { executionMetrics } from '@oio/domain';
import { NotFoundError } from '@oio/errors';
import type { Handlers } from '@oio/messaging';
import type { Clock } from '@oio/runtime';
import type { PresentSessions } from './ports.ts';
import type { Telemetry } from './telemetry.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What this service answers. */
export const SERVED = { metricsExposition, sessionMetrics } as const;

export interface HandlerParts {
  readonly telemetry: Pick<Telemetry, 'exposition'>;
  readonly sessions: Pick<PresentSessions, 'snapshot'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** One function per contract. */
export function createHandlers({ telemetry, sessions, clock }: HandlerParts): Handlers<typeof SERVED> {
  return {
    metricsExposition: () => telemetry.exposition(),
    async sessionMetrics({ payload: { sessionId }, envelope: { tenant } }) {
      const snapshot = UUID.test(sessionId) ? await sessions.snapshot(sessionId, tenant) : null;
      if (!snapshot) throw new NotFoundError('There is no such session.', { code: 'session_not_found' });
      return executionMetrics(snapshot, clock.now());
    },
  };
}

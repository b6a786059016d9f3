import { setTimeout as pause } from 'node:timers/promises';
import { explainWaiting, limitsChanged } from '@oio/contracts';
import { AppError, UnavailableError } from '@oio/errors';
import type { Bus, Envelope } from '@oio/messaging';
import type { LimitStore, SessionReader } from './ports.ts';
import { standingOf } from './read-handlers.ts';
import { envelopeOf } from './relay-handlers.ts';
import type { RouteHandlers } from './route-types.ts';

export interface LimitParts {
  readonly bus: Bus;
  readonly limits: LimitStore;
  readonly reader: SessionReader;
}

type Names = 'getLimits' | 'setLimits' | 'getWaiting';

/** The limits belong to no tenant: they are an operator's. What they keep waiting is told to its own. */
export function createLimitHandlers({ bus, limits, reader }: LimitParts): Pick<RouteHandlers, Names> {
  return {
    getLimits: async () => ({ body: { limits: [...(await limits.read())] } }),
    async setLimits({ body }) {
      await limits.write(body.limits);
      // The scheduler looks every two seconds as well.
      bus.announce(limitsChanged, {});
      return { body };
    },
    async getWaiting(request) {
      const { id } = request.params;
      await standingOf(reader, request.principal.tenant, id);
      return { body: await explained(bus, id, envelopeOf(request, id)) };
    },
  };
}

/** One that has died is followed after its lease, three seconds unless that is set otherwise, and reads all that waits first. */
const SCHEDULER = { withinMs: 5_000, everyMs: 100 } as const;

async function explained(bus: Bus, sessionId: string, envelope: Envelope) {
  const giveUpAtMs = performance.now() + SCHEDULER.withinMs;
  for (;;) {
    try {
      return await bus.request(explainWaiting, { sessionId }, envelope);
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'no_responders')) throw error;
      if (performance.now() > giveUpAtMs)
        throw new UnavailableError(
          'No scheduler is at work just now: it alone knows what a session waits for. Ask again.',
          {
            code: 'no_scheduler',
            cause: error,
          },
        );
      await pause(SCHEDULER.everyMs);
    }
  }
}

import { explainWaiting, limitsChanged } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
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
      return { body: await bus.request(explainWaiting, { sessionId: id }, envelopeOf(request, id)) };
    },
  };
}

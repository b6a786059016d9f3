import { createGraph } from '@oio/contracts';
import { newId } from '@oio/runtime';
import type { Admission } from './admission.ts';
import { claimKey } from './claim-key.ts';
import type { RouteHandlers } from './route-types.ts';
import { type CommandParts, envelopeOf } from './session-commands.ts';

export type GraphParts = CommandParts & { readonly admission: Admission };

/** All ids of a graph follow from those of the order, so that a repetition under the same key finds what is there. */
export function createGraphHandlers({ router, keys, admission }: GraphParts): Pick<RouteHandlers, 'createGraph'> {
  return {
    async createGraph(request) {
      const claim = await claimKey(keys, request, newId());
      const order = () => router.sendToAny(createGraph, request.body, envelopeOf(request, claim));
      const { outcome, ...body } = await admission.order(order);
      return { body, ...(outcome === 'repeated' && { headers: { 'Idempotent-Replayed': 'true' } }) };
    },
  };
}

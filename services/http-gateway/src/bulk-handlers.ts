import { type BulkOrderName, createSessions } from '@oio/contracts';
import { allowedCommands, type SessionSnapshot } from '@oio/domain';
import { toRefusal } from '@oio/errors';
import { derivedId, newId } from '@oio/runtime';
import type { Admission } from './admission.ts';
import { claimKey } from './claim-key.ts';
import { each } from './each.ts';
import { inPortions } from './in-portions.ts';
import { findSessions } from './find-sessions.ts';
import type { RouteHandlers } from './route-types.ts';
import { type CommandParts, envelopeOf } from './session-commands.ts';

export type BulkParts = CommandParts & { readonly admission: Admission };

/** Of one request. A worker that commits two portions is busy; more would only wait there, until nobody waits for them any more. */
const PORTIONS_AT_ONCE = 2;
const ORDERS_AT_ONCE = 64;

/** Many sessions in one request. All ids follow from those of the order, so that a repetition does only what is left to do. */
export function createBulkHandlers(parts: BulkParts): Pick<RouteHandlers, 'submitSessions' | 'orderSessions'> {
  const { keys, router, reader, admission } = parts;
  return {
    async submitSessions(request) {
      const claim = await claimKey(keys, request, newId());
      const sessions = request.body.sessions.map((session, index) => ({
        index,
        id: session.id ?? derivedId(claim.sessionId, [claim.commandId], index),
        session,
      }));
      const envelope = { ...envelopeOf(request, claim), sessionId: null };
      const { done, failed } = await each(inPortions(sessions), { admission, atOnce: PORTIONS_AT_ONCE }, (portion) =>
        router.sendToAny(createSessions, { sessions: portion }, envelope),
      );
      const unclear = failed.flatMap(({ item, error }) => item.map(({ index }) => ({ index, ...toRefusal(error) })));
      const refused = [...done.flatMap((one) => one.refused), ...unclear].sort((a, b) => a.index - b.index);
      return { body: { accepted: done.flatMap(({ accepted }) => accepted), refused } };
    },
    async orderSessions(request) {
      const { order, filter } = request.body;
      const claim = await claimKey(keys, request, newId());
      const { tenant } = request.principal;
      const isMeant = allows(order);
      // Older than the order: a repetition finds no others than the first.
      const found = await findSessions(reader, { tenant, filter, before: claim.sessionId, isMeant });
      const send = async (id: string) => {
        const envelope = envelopeOf(request, { sessionId: id, commandId: claim.commandId });
        const { status } = await router.send(order, {}, envelope);
        return { id, status };
      };
      const { done, failed } = await each(found.ids, { admission, atOnce: ORDERS_AT_ONCE }, send);
      const refused = failed.map(({ item: id, error }) => {
        const { code, message, again } = toRefusal(error);
        return { id, code, message, again };
      });
      return { body: { done, refused, more: found.more || refused.some(({ again }) => again) } };
    },
  };
}

function allows(order: BulkOrderName): (snapshot: SessionSnapshot) => boolean {
  return (snapshot) => allowedCommands(snapshot).includes(order);
}

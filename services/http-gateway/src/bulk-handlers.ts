import { createSessions } from '@oio/contracts';
import { allowedCommands, type SessionSnapshot } from '@oio/domain';
import { toRefusal } from '@oio/errors';
import { derivedId, idAt, newId, timeOf } from '@oio/runtime';
import type { Admission } from './admission.ts';
import { claimKey } from './claim-key.ts';
import { each } from './each.ts';
import { inPortions } from './in-portions.ts';
import { findSessions } from './find-sessions.ts';
import type { KeyClaim } from './ports.ts';
import type { RouteHandlers } from './route-types.ts';
import { type CommandParts, envelopeOf } from './session-commands.ts';

export type BulkParts = CommandParts & { readonly admission: Admission };

/** Of one request. A worker that commits two portions is busy; more would only wait there, until nobody waits for them any more. */
const PORTIONS_AT_ONCE = 2;
const ORDERS_AT_ONCE = 64;

/** Many sessions in one request. All ids follow from those of the order, so that a repetition does only what is left to do. */
export function createBulkHandlers(parts: BulkParts): Pick<RouteHandlers, 'submitSessions' | 'orderSessions'> {
  const { keys, router, reader, admission, clock } = parts;
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
      const claim = await claimKey(keys, request, idAt(clock.now(), [newId()]));
      const { tenant } = request.principal;
      const isMeant = (id: string, snapshot: SessionSnapshot): boolean =>
        isBefore(claim, id, snapshot) && allowedCommands(snapshot).includes(order);
      const found = await findSessions(reader, { tenant, filter, isMeant });
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

/**
 * Whether a session was there before the order, so that a repetition finds no others than the first: by the database's clock,
 * which the order's own id tells; or by ids, which tell it more finely, where one process has made both. Ids alone do not: other
 * processes and clients make them by other clocks.
 */
function isBefore({ sessionId, commandId }: KeyClaim, id: string, { createdAt }: SessionSnapshot): boolean {
  return id < commandId || Date.parse(createdAt) <= timeOf(sessionId);
}

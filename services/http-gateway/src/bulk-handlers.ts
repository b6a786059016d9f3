import type { BulkOrderName, NewSession } from '@oio/contracts';
import { allowedCommands, type SessionSnapshot } from '@oio/domain';
import { toWireError } from '@oio/errors';
import { derivedId, newId } from '@oio/runtime';
import type { Admission } from './admission.ts';
import { claimKey } from './claim-key.ts';
import { each } from './each.ts';
import { findSessions } from './find-sessions.ts';
import type { RouteHandlers } from './route-types.ts';
import { type CommandParts, envelopeOf } from './session-commands.ts';

export type BulkParts = CommandParts & { readonly admission: Admission };

/** Many sessions in one request. All ids follow from those of the order, so that a repetition does only what is left to do. */
export function createBulkHandlers(parts: BulkParts): Pick<RouteHandlers, 'submitSessions' | 'orderSessions'> {
  const { keys, router, reader, admission } = parts;
  return {
    async submitSessions(request) {
      const claim = await claimKey(keys, request, newId());
      const submit = async (session: NewSession, index: number) => {
        const sessionId = session.id ?? derivedId(claim.sessionId, [claim.commandId], index);
        const envelope = envelopeOf(request, { sessionId, commandId: `${claim.commandId}:${index}` });
        const { status } = await router.send('create', session, envelope);
        return { index, id: sessionId, status };
      };
      const { done, failed } = await each(request.body.sessions, admission, submit);
      return {
        body: { accepted: done, refused: failed.map(({ index, error }) => ({ index, ...wholeRefusal(error) })) },
      };
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
      const { done, failed } = await each(found.ids, admission, send);
      const refused = failed.map(({ item: id, error }) => ({ id, ...refusalOf(error) }));
      return { body: { done, refused, more: found.more || refused.some(({ again }) => again) } };
    },
  };
}

function allows(order: BulkOrderName): (snapshot: SessionSnapshot) => boolean {
  return (snapshot) => allowedCommands(snapshot).includes(order);
}

function refusalOf(error: unknown) {
  const { kind, code, message } = toWireError(error);
  return { code, message, again: kind === 'unavailable' || kind === 'timeout' };
}

function wholeRefusal(error: unknown) {
  const { violations = [] } = toWireError(error);
  return { ...refusalOf(error), violations: [...violations] };
}

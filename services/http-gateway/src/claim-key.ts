import type { NewSession } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import { newId } from '@oio/runtime';
import type { IdempotencyKeys, KeyClaim, SessionReader } from './ports.ts';
import { requestHash } from './request-hash.ts';
import type { Order } from './route-types.ts';

export interface ClaimParts {
  readonly keys: IdempotencyKeys;
  readonly reader: Pick<SessionReader, 'hasOutcome'>;
}

/** Under which ids the order goes out: those of its `Idempotency-Key` where it came before, else fresh ones. */
export async function claimKey(keys: IdempotencyKeys, request: Order, sessionId: string): Promise<KeyClaim> {
  const { claim, isSame } = await claimOf(keys, request, sessionId);
  if (isSame) return claim;
  throw reused();
}

/**
 * The same for a submission. A key whose request was refused may stand for the corrected one, under the id that the session
 * would have had: should the refused request be under way once more and succeed after all, only one of the two becomes a
 * session, because an id is taken once.
 */
export async function claimSubmission(
  { keys, reader }: ClaimParts,
  request: Order & { readonly body: NewSession },
): Promise<KeyClaim> {
  const { claim, fresh, isSame } = await claimOf(keys, request, request.body.id ?? newId());
  if (isSame) return claim;
  const mayCorrect = claim.refused && (request.body.id === undefined || request.body.id === claim.sessionId);
  if (!mayCorrect || (await reader.hasOutcome(claim.sessionId, claim.commandId))) throw reused();
  const to = { ...fresh, sessionId: claim.sessionId };
  const change = { from: claim.commandId, to };
  if (!(await keys.replaceRefused(request.principal.tenant, keyOf(request), change))) throw reused();
  return { ...to, known: false, refused: false };
}

/** The order had no effect, so that its key may be used for a corrected one. */
export async function noteRefusal({ keys }: ClaimParts, request: Order, commandId: string): Promise<void> {
  if (request.headers.idempotencyKey === undefined) return;
  // Without the note a corrected order needs another key, and that is all.
  await keys.noteRefusal(request.principal.tenant, keyOf(request), commandId).catch(() => {});
}

async function claimOf(keys: IdempotencyKeys, request: Order, sessionId: string) {
  const { idempotencyKey } = request.headers;
  // Without a key nothing is compared.
  const hash = idempotencyKey === undefined ? '' : requestHash(request);
  const fresh = { requestHash: hash, sessionId, commandId: newId() };
  if (idempotencyKey === undefined) return { claim: { ...fresh, known: false, refused: false }, fresh, isSame: true };
  const claim = await keys.claim(request.principal.tenant, keyOf(request), fresh);
  return { claim, fresh, isSame: claim.requestHash === fresh.requestHash };
}

function keyOf({ headers }: Order): string {
  return headers.idempotencyKey ?? '';
}

function reused(): InvalidError {
  return new InvalidError('This Idempotency-Key was used for another request; take a new key for a new request.', {
    code: 'idempotency_key_reused',
  });
}

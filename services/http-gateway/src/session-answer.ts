import type { SessionView } from '@oio/contracts';
import type { Outcome } from './session-commands.ts';
import { versionTag } from './version-tag.ts';

/** A session as the answer to an order: with its version, and whether the order was a repetition. */
export function sessionAnswer({ session, replayed }: Outcome): {
  readonly headers: Record<string, string>;
  readonly body: SessionView;
} {
  return { headers: { ...versionTag(session), ...(replayed && { 'Idempotent-Replayed': 'true' }) }, body: session };
}

/**
 * Who owns which session: quick to ask, and allowed to be wrong, because Postgres decides (an owner's epoch is checked in
 * every commit). It keeps the herd off and saves a look-up; it may be emptied at any instant. A claim counts as long as
 * the worker that made it lives.
 */
export interface OwnerDirectory extends AsyncDisposable {
  /** Says that the worker lives, for `leaseMs` from now. To be repeated well before that. */
  renew(incarnation: string, leaseMs: number): Promise<void>;
  /** Enters the worker as the owner if there is none or the one there is gone; returns whoever is the owner then. */
  claim(sessionId: string, incarnation: string): Promise<string>;
  /** The living owner, or null. */
  ownerOf(sessionId: string): Promise<string | null>;
  /** Takes out those of the sessions that the worker owns. */
  release(sessionIds: readonly string[], incarnation: string): Promise<void>;
  /** The worker is gone for good: nothing that it claimed counts any more. */
  withdraw(incarnation: string): Promise<void>;
}

import type { OwnerDirectory } from './owner-directory.ts';

/** Ownership inside one process. `monotonicMs` is the clock that leases run by. */
export function createInProcessOwnerDirectory(monotonicMs: () => number = () => performance.now()): OwnerDirectory {
  const leaseEnds = new Map<string, number>();
  const owners = new Map<string, string>();

  const lives = (incarnation: string | undefined): incarnation is string =>
    incarnation !== undefined && (leaseEnds.get(incarnation) ?? Number.NEGATIVE_INFINITY) > monotonicMs();

  return {
    async renew(incarnation, leaseMs) {
      leaseEnds.set(incarnation, monotonicMs() + leaseMs);
    },
    async claim(sessionId, incarnation) {
      const owner = owners.get(sessionId);
      if (owner !== incarnation && lives(owner)) return owner;
      owners.set(sessionId, incarnation);
      return incarnation;
    },
    async ownerOf(sessionId) {
      const owner = owners.get(sessionId);
      return lives(owner) ? owner : null;
    },
    async release(sessionIds, incarnation) {
      for (const id of sessionIds) if (owners.get(id) === incarnation) owners.delete(id);
    },
    async withdraw(incarnation) {
      leaseEnds.delete(incarnation);
      for (const [id, owner] of owners) if (owner === incarnation) owners.delete(id);
    },
    async [Symbol.asyncDispose]() {
      leaseEnds.clear();
      owners.clear();
    },
  };
}

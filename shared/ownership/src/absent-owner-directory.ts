import type { OwnerDirectory } from './owner-directory.ts';

/** For an installation without Redis: it knows nobody and keeps nobody from claiming; PostgreSQL is asked each time. */
export function createAbsentOwnerDirectory(): OwnerDirectory {
  const nothing = async (): Promise<void> => {};
  return {
    renew: nothing,
    claim: async (_sessionId, incarnation) => incarnation,
    ownerOf: async () => null,
    release: nothing,
    withdraw: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}

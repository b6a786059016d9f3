/** Who of several servers may drain. */
export interface DrainTurns {
  /** Whether it may; if so, nobody else until it gives its turn back. */
  take(serverId: string): boolean;
  giveBack(serverId: string): void;
}

/** One at a time, so that there is always one that takes attempts. */
export function createDrainTurns(): DrainTurns {
  let holder: string | null = null;
  return {
    take(serverId) {
      holder ??= serverId;
      return holder === serverId;
    },
    giveBack(serverId) {
      if (holder === serverId) holder = null;
    },
  };
}

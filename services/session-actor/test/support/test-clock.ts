import { createSetClock, type SetClock } from '@oio/runtime';

export interface TestClock extends SetClock {
  /** Lets so much time pass at once, for whoever measures it. */
  skip(ms: number): void;
}

export function createTestClock(): TestClock {
  const clock = createSetClock();
  let skippedMs = 0;
  return {
    ...clock,
    monotonicMs: () => clock.monotonicMs() + skippedMs,
    skip(ms) {
      skippedMs += ms;
    },
  };
}

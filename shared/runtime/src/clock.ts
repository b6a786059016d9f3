/** Time as the services see it. Instants are on the database's clock, so that a machine whose clock is wrong changes nothing. */
export interface Clock {
  /** Now, RFC 3339 in UTC with milliseconds. */
  now(): string;
  /** Milliseconds since some point in the past; never goes back. */
  monotonicMs(): number;
}

/** A clock that is set by somebody who knows the time, and runs on by the machine's monotonic clock in between. */
export interface SetClock extends Clock {
  /** Says what time it is. Less than a second back makes it stand still until then. */
  set(instant: Date): void;
}

/** A correction back by less than this makes time stand still instead: it is the jitter of the one who sets the clock. */
const JITTER_MS = 1_000;

/** A clock that shows the machine's time until it is set. `monotonicMs` is what it runs by. */
export function createSetClock(monotonicMs: () => number = () => performance.now()): SetClock {
  let offsetMs = Date.now() - monotonicMs();
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    now() {
      const nowMs = Math.floor(monotonicMs() + offsetMs);
      const isJitter = nowMs < shownMs && shownMs - nowMs < JITTER_MS;
      if (!isJitter) shownMs = nowMs;
      return new Date(shownMs).toISOString();
    },
    monotonicMs,
    set(instant) {
      offsetMs = instant.getTime() - monotonicMs();
    },
  };
}

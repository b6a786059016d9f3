/** Time as the services see it. Instants are on the database's clock, so that a machine whose clock is wrong changes nothing. */
export interface Clock {
  /** Now, RFC 3339 in UTC with milliseconds. */
  now(): string;
  /** Milliseconds since some point in the past; never goes back. */
  monotonicMs(): number;
}

/** A clock that is set by somebody who knows the time, and runs on by the machine's monotonic clock in between. */
export interface SetClock extends Clock {
  set(instant: Date): void;
}

export function createSetClock(): SetClock {
  let offsetMs = Date.now() - performance.now();
  return {
    now: () => new Date(performance.now() + offsetMs).toISOString(),
    monotonicMs: () => performance.now(),
    set(instant) {
      offsetMs = instant.getTime() - performance.now();
    },
  };
}

/** What bounds a client. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Headers and body of a request must have come by then. */
  readonly requestTimeoutMs: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Requests being answered at a time, streams and waits apart; the rest is refused at once with 503. */
  readonly inFlight: number;
  /** Nothing that requests need may keep a client longer than this; it is told that no answer came in time. */
  readonly answerMs: number;
  /** Orders on their way into the system at a time, at most and at least; in between it is found by what they take. */
  readonly orders: { readonly most: number; readonly fewest: number; readonly targetMs: number };
  /** Requests that wait for the end of a session; more are answered without waiting. */
  readonly waits: number;
  /** How often waiting requests and streams look at the store for what no news told of. */
  readonly lookMs: number;
  /** A stream says that it is alive. */
  readonly heartbeatMs: number;
  /** A stream whose reader takes nothing for so long is closed. */
  readonly stallMs: number;
  /** How long a stop waits for requests that are being answered. */
  readonly shutdownMs: number;
}

export const LIMITS: Limits = {
  requestTimeoutMs: 8_000,
  headerBytes: 16_384,
  bodyBytes: 262_144,
  inFlight: 1_000,
  answerMs: 20_000,
  orders: { most: 1_000, fewest: 64, targetMs: 500 },
  waits: 5_000,
  lookMs: 2_000,
  heartbeatMs: 10_000,
  stallMs: 15_000,
  shutdownMs: 10_000,
};

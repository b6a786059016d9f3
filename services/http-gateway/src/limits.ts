/** What bounds a client. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** Headers and body of a request must have come by then. */
  readonly requestTimeoutMs: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Requests being answered at a time, streams apart; the rest is refused at once with 503. */
  readonly inFlight: number;
  /** A stream says that it is alive, and looks for events that it missed. */
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
  heartbeatMs: 10_000,
  stallMs: 15_000,
  shutdownMs: 10_000,
};
